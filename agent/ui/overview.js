// The overview: how many components fare how, what flows, and all of them in a table.

import { encode, KEPT_VALUES, store } from './data.js';
import { ago, badge, bytes, duration, h, rate, setText, sparkline } from './dom.js';

const STATES = ['unhealthy', 'exited', 'unknown', 'healthy'];
const MAX_ROWS = 400;

export default function overview({ query }) {
  let filter = query.get('health') ?? '';
  let words = [];
  const rows = new Map();

  const tiles = Object.fromEntries(STATES.map((state) => {
    const number = h('b', { text: '–' });
    const button = h('button', { type: 'button', className: `tile state ${state}`, ariaPressed: 'false', onclick: () => {
      filter = filter === state ? '' : state;
      draw();
    } }, h('span', {}, h('i', { className: `dot ${state}`, ariaHidden: 'true' }), state), number);
    return [state, { button, number }];
  }));
  const flows = [['loki_log', 'log entries'], ['prometheus_metric', 'samples']].map(([kind, name]) => {
    const number = h('b', { text: '–' });
    const line = sparkline(kind);
    return { kind, number, line, element: h('div', { className: 'tile' }, h('span', { text: name, title: 'What enters the pipelines' }), number, line.element) };
  });
  const facts = ['version', 'uptime', 'memory', 'configuration'].map((name) => [name, h('dd', { text: '–' })]);
  const fact = Object.fromEntries(facts);

  const search = h('input', { type: 'search', placeholder: 'Filter by id or message', ariaLabel: 'Filter components', oninput: () => {
    words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    draw();
  } });
  const shown = h('span', { className: 'muted', role: 'status' });
  const body = h('tbody');
  const table = h('table', { className: 'components' },
    h('thead', {}, h('tr', {}, ['Health', 'Component', 'In', 'Out', 'Message', 'Since'].map((name, at) => h('th', { scope: 'col', className: at === 2 || at === 3 ? 'number' : '', text: name })))),
    body);

  function row(node) {
    let row = rows.get(node.id);
    if (!row) {
      const cells = {
        health: h('td', { className: 'health' }),
        into: h('td', { className: 'number' }),
        out: h('td', { className: 'number' }),
        message: h('td', { className: 'message' }),
        since: h('td', { className: 'since muted' }),
      };
      const links = [h('a', { href: `component/${encode(node.id)}`, text: node.id })];
      if (node.module) links.push(' ', h('a', { className: 'chip', href: `graph/${encode(node.module)}`, title: 'Show the module', text: 'module' }));
      const element = h('tr', {}, cells.health, h('td', { className: 'id' }, links), cells.into, cells.out, cells.message, cells.since);
      row = { cells, element };
      rows.set(node.id, row);
    }
    const { cells } = row;
    if (row.state !== node.state) {
      row.state = node.state;
      cells.health.replaceChildren(badge(node.state));
      row.element.dataset.state = node.state;
    }
    setText(cells.into, node.received === undefined ? '' : rate(node.inRate));
    setText(cells.out, node.sent === undefined ? '' : rate(node.outRate));
    setText(cells.message, node.message);
    setText(cells.since, ago(node.updated, store.state.time));
    cells.since.title = node.updated;
    return row.element;
  }

  function draw() {
    const state = store.state;
    if (!state) return;
    const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
    for (const node of state.nodes) counts[node.state] += 1;
    for (const [name, { button, number }] of Object.entries(tiles)) {
      setText(number, String(counts[name]));
      button.classList.toggle('none', !counts[name]);
      button.ariaPressed = String(filter === name);
    }
    for (const { kind, number, line } of flows) {
      setText(number, state.history[kind].length ? rate(state.totals[kind]) : '–');
      line.draw(state.history[kind], KEPT_VALUES);
    }
    setText(fact.version, state.process.version);
    setText(fact.uptime, duration(state.process.uptime_seconds));
    setText(fact.memory, bytes(state.process.resident_bytes));
    setText(fact.configuration, state.config.hash ? `${state.config.hash.slice(0, 12)}, ${ago(state.config.loaded, state.time)}` : 'none yet');
    fact.configuration.title = state.config.hash;

    const rank = (node) => STATES.indexOf(node.state);
    const matching = state.nodes
      .filter((node) => (!filter || node.state === filter) && words.every((word) => node.id.toLowerCase().includes(word) || node.message.toLowerCase().includes(word)))
      .sort((a, b) => rank(a) - rank(b));
    const elements = matching.slice(0, MAX_ROWS).map(row);
    // Moves nothing that stands where it should: the reader's place and focus stay.
    elements.forEach((element, at) => {
      if (body.children[at] !== element) body.insertBefore(element, body.children[at] ?? null);
    });
    while (body.children.length > elements.length) body.lastChild.remove();
    const all = state.nodes.length;
    setText(shown, elements.length < matching.length ? `${elements.length} of ${matching.length} shown; filter to see others`
      : matching.length < all ? `${matching.length} of ${all}` : all === 1 ? '1 component' : `${all} components`);
  }

  const element = h('div', { className: 'page' },
    h('h1', { className: 'visually-hidden', text: 'Overview' }),
    h('section', { className: 'tiles', ariaLabel: 'Summary' }, STATES.toReversed().map((state) => tiles[state].button), flows.map((flow) => flow.element)),
    h('dl', { className: 'facts' }, facts.map(([name, value]) => h('div', {}, h('dt', { text: name }), value))),
    h('section', {}, h('div', { className: 'toolbar' }, h('h2', { text: 'Components' }), search, shown), h('div', { className: 'scroll-x' }, table)));

  let end;
  return {
    element,
    begin() {
      end = store.listen(draw);
    },
    end: () => end?.(),
  };
}
