// Live debugging: what passes a component, as it passes.

import { encode, url } from './data.js';
import { h, setText } from './dom.js';

const END = '|;|';
/** Items that are kept. */
const KEPT = 1000;
/** Between two updates of the list, in milliseconds. */
const EVERY = 150;

const ENTRY = /^\[(?<direction>IN|OUT|DROPPED)\]: (?<rest>[\s\S]*)$/;
const LOG = /^timestamp: (?<time>\S+), entry: (?<entry>[\s\S]*), labels: (?<labels>\{[\s\S]*?\}), structured_metadata: (?<metadata>\{[\s\S]*\})$/;
const SAMPLE = /^(?<what>sample|exemplar|histogram): ts=(?<time>-?\d+), labels=(?<labels>\{[\s\S]*\}), (?<value>(?:exemplar_labels=.*, )?value=[\s\S]*)$/;

function content(text) {
  const log = LOG.exec(text);
  if (log) {
    const { time, entry, labels, metadata } = log.groups;
    return [h('span', { className: 'entry', text: entry }), h('span', { className: 'about' }, h('time', { text: time }), ' ', h('span', { text: labels }), metadata === '{}' ? '' : ` ${metadata}`)];
  }
  const sample = SAMPLE.exec(text);
  if (sample) {
    const { what, time, labels, value } = sample.groups;
    return [h('span', { className: 'entry' }, labels, ' ', h('b', { text: value.replace(/^value=/, '') })), h('span', { className: 'about' }, what === 'sample' ? '' : `${what} `, h('time', { text: new Date(Number(time)).toISOString() }))];
  }
  const arrow = text.indexOf(' => ');
  if (arrow >= 0) return [h('span', { className: 'about before', text: text.slice(0, arrow) }), h('span', { className: 'entry' }, '→ ', text.slice(arrow + 4))];
  return [h('span', { className: 'entry', text })];
}

export default function live({ id }) {
  const items = [];
  let paused = false;
  let dirty = false;
  let probability = 1;
  let total = 0;
  let words = [];
  let directions = new Set(['IN', 'OUT']);
  let controller;

  const status = h('span', { className: 'muted', role: 'status', text: 'connecting…' });
  const list = h('ol', { className: 'live', ariaLabel: 'What passes', tabIndex: 0 });
  const help = h('div', { className: 'card', hidden: true });
  const pause = h('button', { type: 'button', text: 'Pause', ariaPressed: 'false', onclick: () => {
    paused = !paused;
    pause.ariaPressed = String(paused);
    setText(pause, paused ? 'Resume' : 'Pause');
    dirty = true;
    tick();
  } });
  const filter = h('input', { type: 'search', placeholder: 'Filter', ariaLabel: 'Show only items that contain', oninput: () => {
    words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    redraw();
  } });
  const direction = h('select', { ariaLabel: 'Direction', onchange: () => {
    directions = new Set(direction.value === 'both' ? ['IN', 'OUT'] : [direction.value]);
    redraw();
  } }, h('option', { value: 'both', text: 'in and out' }), h('option', { value: 'IN', text: 'in only' }), h('option', { value: 'OUT', text: 'out only' }));
  const chance = h('select', { ariaLabel: 'Share of items', onchange: () => {
    probability = Number(chance.value);
    connect();
  } }, [1, 0.5, 0.1, 0.01].map((value) => h('option', { value: String(value), text: value === 1 ? 'all items' : `${value * 100} % of items` })));
  const clear = h('button', { type: 'button', text: 'Clear', onclick: () => {
    items.length = 0;
    redraw();
  } });

  const wanted = (item) => (item.direction === undefined || item.direction === 'DROPPED' || directions.has(item.direction)) && words.every((word) => item.lower.includes(word));
  const row = (item) => h('li', { className: item.direction ? `item ${item.direction.toLowerCase()}` : 'item' }, h('span', { className: 'direction', text: item.direction === 'DROPPED' ? 'LOST' : (item.direction ?? '') }), h('div', {}, content(item.text)));

  let waiting = [];
  function tick() {
    if (!dirty) return;
    dirty = false;
    if (paused) {
      tell();
      return;
    }
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    // Of a burst only what would stay is drawn.
    const rows = waiting.slice(-KEPT).filter(wanted).map(row);
    waiting = [];
    list.append(...rows);
    while (list.children.length > KEPT) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    tell();
  }
  function redraw() {
    waiting = [];
    list.replaceChildren(...items.filter(wanted).map(row));
    list.scrollTop = list.scrollHeight;
    tell();
  }
  function tell() {
    setText(status, paused ? `paused, ${total} items seen` : `${total} items seen`);
  }
  function take(text) {
    const match = ENTRY.exec(text);
    const item = { direction: match?.groups.direction, text: match ? match.groups.rest : text, lower: text.toLowerCase() };
    total += 1;
    dirty = true;
    if (paused) return;
    items.push(item);
    if (items.length > KEPT) items.shift();
    waiting.push(item);
    if (waiting.length > KEPT) waiting.shift();
  }

  async function connect() {
    controller?.abort();
    const mine = new AbortController();
    controller = mine;
    try {
      const answer = await fetch(url(`api/v0/web/debug/${encode(id)}?sampleProb=${probability}`), { signal: mine.signal });
      if (!answer.ok) {
        const reason = (await answer.text()).trim();
        help.hidden = false;
        list.hidden = true;
        help.replaceChildren(h('h2', { text: 'Nothing can be watched here' }), h('p', { text: reason }), ...(reason.includes('disabled') ? [h('p', { text: 'Data of your pipelines is shown only where the configuration allows it. Add this block and reload:' }), h('pre', { className: 'code plain' }, h('code', { text: 'livedebugging {\n\tenabled = true\n}' }))] : []), h('p', {}, h('button', { type: 'button', text: 'Try again', onclick: connect })));
        setText(status, 'not connected');
        return;
      }
      help.hidden = true;
      list.hidden = false;
      setText(status, 'waiting for data');
      const decoder = new TextDecoder();
      const reader = answer.body.getReader();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const parts = (rest + decoder.decode(value, { stream: true })).split(END);
        rest = parts.pop();
        parts.forEach(take);
      }
      setText(status, 'the stream ended');
    } catch (error) {
      if (!mine.signal.aborted) setText(status, `the stream broke: ${error.message}`);
    }
  }

  const element = h('div', { className: 'page live-page' },
    h('p', { className: 'crumbs' }, h('a', { href: '', text: 'Overview' }), ' / ', h('a', { href: `component/${encode(id)}`, text: id }), ' /'),
    h('div', { className: 'toolbar' }, h('h1', { text: 'Live debugging' }), pause, clear, filter, direction, chance, status),
    help, list);

  let timer;
  return {
    element,
    title: `Live ${id}`,
    wide: true,
    begin() {
      connect();
      timer = setInterval(tick, EVERY);
    },
    end() {
      controller?.abort();
      clearInterval(timer);
    },
    key(event) {
      if (event.key === 'p' || event.key === ' ') {
        event.preventDefault();
        pause.click();
      } else if (event.key === 'f') {
        event.preventDefault();
        filter.focus();
      }
    },
  };
}
