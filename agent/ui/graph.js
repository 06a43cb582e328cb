// The graph of a module: boxes coloured by health, edges with live rates; zoom, pan, search, and a panel for what is chosen.

import { edgeKey, encode, get, store } from './data.js';
import { badge, count, h, rate, s, setText, shorten } from './dom.js';

const MIN_SCALE = 0.05;
const MAX_SCALE = 2.5;
/** Below these scales boxes show their label only, in large and in very large letters. */
const FAR = 0.6;
const TINY = 0.36;
const MARGIN = 24;
/** The least scale at the beginning on a small screen. */
const SMALL = 0.7;

const KINDS = { loki_log: 'logs', prometheus_metric: 'metrics', target: 'targets', value: 'values', other: 'other data' };

/** Through the places that an edge passes: curves between columns, straight lanes beside boxes. */
function path(points) {
  let d = `M${points[0][0]} ${points[0][1]}`;
  for (let at = 1; at < points.length; at += 1) {
    const [x0, y0] = points[at - 1];
    const [x1, y1] = points[at];
    if (at % 2 === 0) d += `L${x1} ${y1}`;
    else {
      const bend = x1 > x0 ? (x1 - x0) / 2 : 60;
      d += `C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
    }
  }
  return d;
}

export default function graph({ id: module, go }) {
  let drawn;
  let view = { x: 0, y: 0, k: 1 };
  let chosen;
  let touched = false;
  const nodes = new Map();
  const edges = new Map();

  const world = s('g', { class: 'world' });
  const edgeLayer = s('g', { class: 'edges' });
  const nodeLayer = s('g', { class: 'nodes' });
  const textLayer = s('g', { class: 'rates' });
  world.append(edgeLayer, nodeLayer, textLayer);
  const marker = (kind) => s('marker', { id: `arrow-${kind}`, class: `arrow ${kind}`, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto' }, s('path', { d: 'M0 0.8 L7.2 4 L0 7.2 Z' }));
  const canvas = s('svg', { class: 'canvas', role: 'group', 'aria-label': 'Graph of components; arrow keys move, plus and minus zoom, 0 fits', tabindex: 0 }, s('defs', {}, Object.keys(KINDS).map(marker)), world);
  const message = h('p', { className: 'graph-message', text: 'Drawing…' });
  const panel = h('aside', { className: 'panel', ariaLabel: 'Chosen component', hidden: true });
  const found = h('span', { className: 'muted found', role: 'status' });
  const search = h('input', { type: 'search', placeholder: 'Search the graph', ariaLabel: 'Search the graph', autocomplete: 'off' });
  const legend = h('ul', { className: 'legend', ariaLabel: 'Legend' });

  function apply() {
    world.setAttribute('transform', `translate(${view.x} ${view.y}) scale(${view.k})`);
    canvas.classList.toggle('far', view.k < FAR);
    canvas.classList.toggle('tiny', view.k < TINY);
  }
  function zoom(factor, x, y) {
    const box = canvas.getBoundingClientRect();
    const cx = x === undefined ? box.width / 2 : x - box.left;
    const cy = y === undefined ? box.height / 2 : y - box.top;
    const k = Math.min(MAX_SCALE, Math.max(MIN_SCALE, view.k * factor));
    view = { k, x: cx - ((cx - view.x) / view.k) * k, y: cy - ((cy - view.y) / view.k) * k };
    touched = true;
    apply();
  }
  function fit() {
    if (!drawn) return;
    const box = canvas.getBoundingClientRect();
    if (!box.width) return;
    const k = Math.min(1.1, (box.width - 2 * MARGIN) / Math.max(1, drawn.width), (box.height - 2 * MARGIN) / Math.max(1, drawn.height));
    view.k = Math.max(MIN_SCALE, k);
    view.x = (box.width - drawn.width * view.k) / 2;
    view.y = (box.height - drawn.height * view.k) / 2;
    touched = false;
    apply();
  }
  /** What is shown first: all, or on a small screen the beginning in a size that can be read. */
  function begin() {
    fit();
    if (view.k < SMALL && canvas.getBoundingClientRect().width < 640) {
      view = { k: SMALL, x: MARGIN, y: Math.max(MARGIN, (canvas.getBoundingClientRect().height - drawn.height * SMALL) / 2) };
      apply();
    }
  }
  function center(node) {
    const box = canvas.getBoundingClientRect();
    view.k = Math.max(view.k, 0.9);
    view.x = box.width / 2 - (node.x + drawn.node_width / 2) * view.k;
    view.y = box.height / 2 - (node.y + drawn.node_height / 2) * view.k;
    touched = true;
    apply();
  }

  const full = (id) => (module ? `${module}/${id}` : id);

  function build(answer) {
    drawn = answer;
    nodes.clear();
    edges.clear();
    const used = new Set(answer.edges.map((edge) => edge.kind));
    legend.replaceChildren(...Object.entries(KINDS).filter(([kind]) => used.has(kind)).map(([kind, name]) => h('li', {}, s('svg', { viewBox: '0 0 28 8', 'aria-hidden': 'true' }, s('path', { class: `edge ${kind}`, d: 'M1 4 L27 4' })), name)));
    const edgeElements = [];
    const texts = [];
    for (const edge of answer.edges) {
      if (!edge.points.length) continue;
      const line = s('path', { class: `edge ${edge.kind}`, d: path(edge.points), 'marker-end': `url(${location.href.split('#')[0]}#arrow-${edge.kind})` });
      const [x0, y0] = edge.points[0];
      const [x1, y1] = edge.points[1];
      const text = s('text', { class: 'rate', x: (x0 + x1) / 2, y: (y0 + y1) / 2 - 5, 'text-anchor': 'middle' });
      edges.set(edgeKey(edge.from, edge.to), { edge, line, text });
      edgeElements.push(line);
      texts.push(text);
    }
    const nodeElements = answer.nodes.map((node) => {
      const { node_width: width, node_height: height } = answer;
      const label = node.label || node.name;
      const element = s('g', { class: 'node unknown', transform: `translate(${node.x} ${node.y})`, tabindex: 0, role: 'button' },
        s('rect', { class: 'box', width, height, rx: 6 }),
        s('path', { class: 'side', d: `M6 0 H5 A5 5 0 0 0 0 6 V${height - 6} A5 5 0 0 0 5 ${height} H6 Z` }),
        s('text', { class: 'name', x: 16, y: 21, text: shorten(node.label ? node.name : 'component', 30) }),
        s('text', { class: 'label', x: 16, y: 42, text: shorten(label, node.module ? 18 : 24) }),
        s('text', { class: 'far-name', x: 14, y: 20, text: shorten(node.label ? node.name : 'component', 23) }),
        s('text', { class: 'far-label', x: 14, y: 46, text: shorten(label, 15) }),
        s('text', { class: 'tiny-label', x: 16, y: 42, text: shorten(label, 8) }),
        node.module ? s('text', { class: 'module', x: width - 12, y: 42, 'text-anchor': 'end', text: 'module ▸' }) : undefined,
        s('title', {}));
      element.addEventListener('click', () => choose(node));
      element.addEventListener('dblclick', () => go(node.module ? `graph/${encode(node.module)}` : `component/${encode(full(node.id))}`));
      element.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') {
          event.stopPropagation();
          if (chosen === node) go(node.module ? `graph/${encode(node.module)}` : `component/${encode(full(node.id))}`);
          else choose(node);
        } else if (event.key === ' ') {
          event.preventDefault();
          choose(node);
        }
      });
      element.addEventListener('pointerenter', () => trace(node));
      element.addEventListener('pointerleave', () => trace(chosen));
      element.addEventListener('focus', () => keepInSight(node));
      nodes.set(node.id, { node, element });
      return element;
    });
    edgeLayer.replaceChildren(...edgeElements);
    textLayer.replaceChildren(...texts);
    nodeLayer.replaceChildren(...nodeElements);
    message.hidden = answer.nodes.length > 0;
    setText(message, 'This module has no components.');
    canvas.dataset.drawn = answer.generation;
    chosen = chosen && nodes.get(chosen.id)?.node;
    if (!touched) begin();
    match();
    update(store.state);
  }

  /** A box that got the focus by the keyboard. */
  function keepInSight(node) {
    const box = canvas.getBoundingClientRect();
    const x = node.x * view.k + view.x;
    const y = node.y * view.k + view.y;
    if (x < 0 || y < 0 || x + drawn.node_width * view.k > box.width || y + drawn.node_height * view.k > box.height) center(node);
  }

  /** Everything that data passes before and after a component. */
  function trace(node) {
    canvas.classList.toggle('traced', Boolean(node));
    if (!node) return;
    const walk = (from, to) => {
      const seen = new Set([node.id]);
      const open = [node.id];
      while (open.length) {
        const at = open.pop();
        for (const edge of drawn.edges) {
          if (edge[from] === at && !seen.has(edge[to])) {
            seen.add(edge[to]);
            open.push(edge[to]);
          }
        }
      }
      return seen;
    };
    const after = walk('from', 'to');
    const ahead = walk('to', 'from');
    for (const [id, { element }] of nodes) element.classList.toggle('on', after.has(id) || ahead.has(id));
    for (const { edge, line, text } of edges.values()) {
      const on = (after.has(edge.from) && after.has(edge.to)) || (ahead.has(edge.from) && ahead.has(edge.to));
      line.classList.toggle('on', on);
      text.classList.toggle('on', on);
    }
  }

  function choose(node) {
    chosen = node;
    for (const { node: other, element } of nodes.values()) element.classList.toggle('chosen', other === node);
    trace(node);
    show();
  }

  function show() {
    panel.hidden = !chosen;
    if (!chosen) return;
    const state = store.state?.byId.get(chosen.id);
    const list = (title, found, other) => (found.length ? [h('h3', { text: title }), h('ul', {}, found.map((edge) => h('li', {}, h('a', { href: `component/${encode(full(edge[other]))}`, text: edge[other] }), ' ', h('span', { className: 'muted', text: edge.kind === 'value' || edge.kind === 'target' ? KINDS[edge.kind] : rate(store.state?.byEdge.get(edgeKey(edge.from, edge.to))?.rate) }))))] : []);
    panel.replaceChildren(
      h('header', {}, h('h2', { text: chosen.id }), h('button', { type: 'button', className: 'ghost', ariaLabel: 'Close', text: '✕', onclick: () => choose(undefined) })),
      ...(state ? [h('p', {}, badge(state.state), ' ', h('span', { className: 'muted', text: state.message }))] : []),
      h('p', { className: 'actions' },
        h('a', { className: 'button', href: `component/${encode(full(chosen.id))}`, text: 'Details' }),
        chosen.module && h('a', { className: 'button', href: `graph/${encode(chosen.module)}`, text: 'Open module' }),
        chosen.live && h('a', { className: 'button', href: `debug/${encode(full(chosen.id))}`, text: 'Live debugging' })),
      ...list('From', drawn.edges.filter((edge) => edge.to === chosen.id), 'from'),
      ...list('To', drawn.edges.filter((edge) => edge.from === chosen.id), 'to'));
  }

  /** Marks what is searched for. */
  let matches = [];
  let matchAt = -1;
  function match() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    matches = [];
    for (const { node, element } of nodes.values()) {
      const is = words.length > 0 && words.every((word) => node.id.toLowerCase().includes(word));
      element.classList.toggle('match', is);
      if (is) matches.push(node);
    }
    matchAt = -1;
    canvas.classList.toggle('searched', words.length > 0);
    setText(found, words.length ? `${matches.length} found` : '');
  }
  search.addEventListener('input', match);
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && matches.length) {
      matchAt = (matchAt + (event.shiftKey ? matches.length - 1 : 1)) % matches.length;
      center(matches[matchAt]);
      choose(matches[matchAt]);
      setText(found, `${matchAt + 1} of ${matches.length}`);
    } else if (event.key === 'Escape') {
      search.value = '';
      match();
    }
  });

  function update(state) {
    if (!state || store.module !== module) return;
    if (drawn && drawn.generation !== state.generation) load();
    if (!drawn) return;
    for (const [id, { node, element }] of nodes) {
      const now = state.byId.get(id);
      if (!now) continue;
      if (element.dataset.state !== now.state) {
        element.classList.remove('unknown', 'healthy', 'unhealthy', 'exited');
        element.classList.add(now.state);
        element.dataset.state = now.state;
      }
      const label = `${id}: ${now.state}, ${now.message}`;
      if (element.dataset.told !== label) {
        element.dataset.told = label;
        element.setAttribute('aria-label', label);
        element.lastChild.textContent = label;
      }
      node.live = now.live;
    }
    for (const [key, { line, text }] of edges) {
      const now = state.byEdge.get(key);
      const perSecond = now?.rate ?? 0;
      const width = perSecond > 0 ? Math.min(5, 1.5 + Math.log10(1 + perSecond) * 0.7) : 1.5;
      if (line.dataset.width !== width.toFixed(1)) {
        line.dataset.width = width.toFixed(1);
        line.style.strokeWidth = `${width.toFixed(1)}px`;
        line.classList.toggle('active', perSecond > 0);
      }
      setText(text, perSecond > 0 ? `${count(perSecond)}/s` : '');
    }
    if (chosen) show();
  }

  let loading = false;
  async function load() {
    if (loading) return;
    loading = true;
    try {
      build(await get(`api/v0/ui/graph?module=${encodeURIComponent(module)}`));
    } catch (error) {
      message.hidden = false;
      setText(message, error.message);
    } finally {
      loading = false;
    }
  }

  // One pointer pans, two zoom.
  const pointers = new Map();
  let spread = 0;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, start: { x: event.clientX, y: event.clientY } });
  });
  canvas.addEventListener('pointermove', (event) => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) return;
    const moved = Math.hypot(event.clientX - pointer.start.x, event.clientY - pointer.start.y);
    // A click may tremble; only a drag takes the pointer away from the boxes.
    if (moved > 4 && !canvas.hasPointerCapture(event.pointerId)) {
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add('dragging');
    }
    if (pointers.size === 1 && canvas.hasPointerCapture(event.pointerId)) {
      view.x += event.clientX - pointer.x;
      view.y += event.clientY - pointer.y;
      touched = true;
      apply();
    }
    pointer.x = event.clientX;
    pointer.y = event.clientY;
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const now = Math.hypot(a.x - b.x, a.y - b.y);
      if (spread) zoom(now / spread, (a.x + b.x) / 2, (a.y + b.y) / 2);
      spread = now;
    }
  });
  const release = (event) => {
    pointers.delete(event.pointerId);
    spread = 0;
    if (!pointers.size) canvas.classList.remove('dragging');
  };
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX, event.clientY);
  }, { passive: false });
  canvas.addEventListener('click', (event) => {
    if (event.target === canvas) choose(undefined);
  });

  const crumbs = module.split('/').filter(Boolean).map((name, at, all) => [' / ', h('a', { href: `graph/${encode(all.slice(0, at + 1).join('/'))}`, text: name })]);
  const button = (text, label, onclick) => h('button', { type: 'button', className: 'ghost', ariaLabel: label, title: label, text, onclick });
  const element = h('div', { className: 'graph' },
    h('div', { className: 'toolbar' },
      h('h1', {}, module ? [h('a', { href: 'graph', text: 'Graph' }), crumbs] : 'Graph'),
      search, found,
      h('span', { className: 'zoom' }, button('−', 'Zoom out (-)', () => zoom(1 / 1.3)), button('+', 'Zoom in (+)', () => zoom(1.3)), button('Fit', 'Show all (0)', fit)),
      legend),
    h('div', { className: 'stage' }, canvas, message, panel));

  let end;
  let resized;
  return {
    element,
    module,
    wide: true,
    title: module ? `Graph of ${module}` : 'Graph',
    begin() {
      load();
      end = store.listen(update);
      resized = new ResizeObserver(() => {
        if (!touched && drawn) begin();
      });
      resized.observe(canvas);
    },
    end() {
      end?.();
      resized?.disconnect();
    },
    key(event) {
      const step = 80;
      const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (event.key === '+' || event.key === '=') zoom(1.3);
      else if (event.key === '-') zoom(1 / 1.3);
      else if (event.key === '0') fit();
      else if (event.key === 'f') {
        event.preventDefault();
        search.focus();
      } else if (event.key === 'Escape') choose(undefined);
      else if (moves[event.key]) {
        event.preventDefault();
        view.x += moves[event.key][0];
        view.y += moves[event.key][1];
        touched = true;
        apply();
      }
    },
  };
}
