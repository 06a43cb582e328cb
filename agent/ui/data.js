// What the agent tells: single requests, and the state of a module asked for every two seconds, with rates worked out of counters.

const EVERY = 2000;
const KEPT = 60;
/** Rates are averages over this many milliseconds: scrapes come in bursts. */
const WINDOW = 16000;

/** A path below the page's base. */
export function url(path) {
  return new URL(path, document.baseURI);
}

export class Failed extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function get(path, options) {
  const answer = await fetch(url(path), { headers: { accept: 'application/json' }, ...options });
  if (!answer.ok) throw new Failed(answer.status, (await answer.text()).trim() || answer.statusText);
  return answer.json();
}

/** A component's id as a part of a path. */
export function encode(id) {
  return id.split('/').map(encodeURIComponent).join('/');
}

export const edgeKey = (from, to) => `${from}\n${to}`;

class Store {
  module = '';
  state = undefined;
  listeners = new Set();
  timer = undefined;
  /** Counters of the last seconds, the oldest first. */
  counters = [];
  asked = 0;

  start() {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.poll();
    });
    this.poll();
  }

  /** Looks at another module. */
  show(module) {
    if (this.module === module) return;
    this.module = module;
    this.state = undefined;
    this.counters = [];
    this.poll();
  }

  listen(listener) {
    this.listeners.add(listener);
    if (this.state) listener(this.state);
    return () => this.listeners.delete(listener);
  }

  async poll() {
    clearTimeout(this.timer);
    const number = ++this.asked;
    try {
      const answer = await get(`api/v0/ui/state?module=${encodeURIComponent(this.module)}`);
      if (number !== this.asked) return;
      this.take(answer);
      this.connected(true);
    } catch (error) {
      if (number !== this.asked) return;
      this.connected(false, error);
    }
    // A page that nobody sees asks for nothing.
    if (!document.hidden) this.timer = setTimeout(() => this.poll(), EVERY);
  }

  onconnection = () => {};
  connected(is, error) {
    this.onconnection(is, error);
  }

  take(answer) {
    const before = this.state;
    const time = Date.parse(answer.now);
    const received = new Map(answer.nodes.filter((node) => node.received !== undefined).map((node) => [node.id, node.received]));
    const sent = new Map(answer.edges.map((edge) => [edgeKey(edge.from, edge.to), edge.sent]));
    while (this.counters.length > 1 && time - this.counters[1].time >= WINDOW) this.counters.shift();
    const oldest = this.counters[0];
    const seconds = oldest ? (time - oldest.time) / 1000 : 0;
    this.counters.push({ time, received, sent });
    const state = {
      ...answer,
      time,
      byId: new Map(answer.nodes.map((node) => [node.id, node])),
      byEdge: new Map(),
      totals: { loki_log: 0, prometheus_metric: 0 },
      history: before?.history ?? { loki_log: [], prometheus_metric: [] },
    };
    const perSecond = (now, then) => (seconds > 0 && then !== undefined && now >= then ? (now - then) / seconds : undefined);
    for (const node of answer.nodes) {
      node.inRate = node.received === undefined ? undefined : perSecond(node.received, oldest?.received.get(node.id));
    }
    for (const edge of answer.edges) {
      const key = edgeKey(edge.from, edge.to);
      edge.rate = perSecond(edge.sent, oldest ? (oldest.sent.get(key) ?? 0) : undefined);
      state.byEdge.set(key, edge);
      const from = state.byId.get(edge.from);
      if (!from) continue;
      from.sent = (from.sent ?? 0) + edge.sent;
      if (edge.rate !== undefined) from.outRate = (from.outRate ?? 0) + edge.rate;
      // What enters the pipelines: sent by those that take nothing.
      if (from.received === undefined && edge.rate !== undefined && edge.kind in state.totals) state.totals[edge.kind] += edge.rate;
    }
    if (seconds > 0) {
      for (const [kind, values] of Object.entries(state.history)) {
        values.push(state.totals[kind]);
        if (values.length > KEPT) values.shift();
      }
    }
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }
}

export const KEPT_VALUES = KEPT;
export const store = new Store();
