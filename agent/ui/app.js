// The frame of the page: views by address, the banner of a refused configuration, finding a component, theme and keys.

import { get, encode, store, url } from './data.js';
import { h, setText } from './dom.js';
import overview from './overview.js';
import graph from './graph.js';
import component from './component.js';
import live from './live.js';
import config from './config.js';
import peers from './peers.js';

const base = new URL(document.baseURI).pathname;
const main = document.getElementById('main');
const banner = document.getElementById('banner');

const VIEWS = [
  [/^$/, 'overview', overview],
  [/^graph(?:\/(?<id>.+))?$/, 'graph', graph],
  [/^component\/(?<id>.+)$/, 'overview', component],
  [/^debug\/(?<id>.+)$/, 'overview', live],
  [/^config$/, 'config', config],
  [/^clustering$/, 'peers', peers],
];

let current;

function render() {
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : location.pathname.slice(1);
  current?.end?.();
  current = undefined;
  for (const [pattern, nav, view] of VIEWS) {
    const match = pattern.exec(path.replace(/\/$/, ''));
    if (!match) continue;
    for (const link of document.querySelectorAll('[data-nav]')) {
      if (link.dataset.nav === nav) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    const id = match.groups?.id ? decodeURIComponent(match.groups.id) : '';
    const shown = view({ id, go, query: new URLSearchParams(location.search) });
    current = shown;
    document.title = shown.title ? `${shown.title} · alloy-rs` : 'alloy-rs';
    main.className = shown.wide ? 'wide' : '';
    main.replaceChildren(shown.element);
    store.show(shown.module ?? '');
    shown.begin?.();
    return;
  }
  main.replaceChildren(h('section', { className: 'empty' }, h('h1', { text: 'No such page' }), h('p', {}, 'Go to the ', h('a', { href: '' , text: 'overview' }), '.')));
}

/** Shows another address without loading the page anew. */
function go(path) {
  history.pushState(null, '', url(path));
  render();
  scrollTo(0, 0);
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target) return;
  const target = new URL(link.href instanceof SVGAnimatedString ? link.href.baseVal : link.href, document.baseURI);
  if (target.origin !== location.origin || !target.pathname.startsWith(base)) return;
  const path = target.pathname.slice(base.length);
  if (path.startsWith('api/') || path.startsWith('-/') || path === 'metrics') return;
  event.preventDefault();
  go(path + target.search);
  main.focus({ preventScroll: true });
});
addEventListener('popstate', render);
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  event.stopPropagation();
  main.focus();
});

// The configuration that was wanted and does not run.
store.listen((state) => {
  const failed = state.config.failed;
  banner.hidden = !failed;
  if (failed) {
    const errors = failed.errors === 1 ? '1 error' : `${failed.errors} errors`;
    setText(banner, `The last configuration was refused (${errors}): ${failed.first}. The earlier one goes on. Show it`);
  }
  document.body.classList.toggle('has-banner', Boolean(failed));
});
const connection = document.getElementById('connection');
store.onconnection = (is, error) => {
  connection.classList.toggle('lost', !is);
  setText(connection, is ? 'connected' : 'no connection');
  connection.title = is ? 'The agent answers' : String(error?.message ?? error);
};

// Theme: as the system, light, dark.
const THEMES = ['auto', 'light', 'dark'];
const themeButton = document.getElementById('theme');
function theme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  setText(themeButton, `Theme: ${name}`);
  try {
    localStorage.setItem('alloy-rs.theme', name);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
function nextTheme() {
  const now = document.documentElement.dataset.theme ?? 'auto';
  theme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
}
themeButton.addEventListener('click', nextTheme);
let chosen = 'auto';
try {
  chosen = localStorage.getItem('alloy-rs.theme') ?? 'auto';
} catch {
  // As above.
}
theme(THEMES.includes(chosen) ? chosen : 'auto');

// Finding a component.
const finder = document.getElementById('finder');
const input = document.getElementById('finder-input');
const list = document.getElementById('finder-list');
const MAX_FOUND = 50;
let known = [];
async function find() {
  finder.showModal();
  input.value = '';
  input.focus();
  known = (store.state?.nodes ?? []).map((node) => ({ id: store.module ? `${store.module}/${node.id}` : node.id, state: node.state }));
  found();
  const modules = store.state?.modules ?? [];
  const answers = await Promise.allSettled(['', ...modules.slice(0, 100)].map(async (module) => {
    const components = await get(module ? `api/v0/web/modules/${encode(module)}/components` : 'api/v0/web/components');
    return components.map((one) => ({ id: module ? `${module}/${one.localID}` : one.localID, state: one.health.state }));
  }));
  known = answers.flatMap((answer) => answer.value ?? []);
  found();
}
function found() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = known.filter(({ id }) => words.every((word) => id.toLowerCase().includes(word)));
  list.replaceChildren(...matches.slice(0, MAX_FOUND).map(({ id, state }, at) => h('li', { role: 'option', ariaSelected: at === 0 ? 'true' : 'false' },
    h('a', { href: `component/${encode(id)}`, tabIndex: -1, onclick: () => finder.close() }, h('i', { className: `dot ${state}` }), id))));
  if (!matches.length) list.replaceChildren(h('li', { className: 'none', text: known.length ? 'Nothing matches' : 'No components' }));
}
input.addEventListener('input', found);
input.addEventListener('keydown', (event) => {
  const options = [...list.querySelectorAll('[role=option]')];
  const at = options.findIndex((option) => option.ariaSelected === 'true');
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && options.length) {
    event.preventDefault();
    options[at].ariaSelected = 'false';
    const next = options[(at + step + options.length) % options.length];
    next.ariaSelected = 'true';
    next.scrollIntoView({ block: 'nearest' });
  } else if (event.key === 'Enter' && options[at]) {
    event.preventDefault();
    options[at].querySelector('a').click();
  }
});
finder.addEventListener('click', (event) => {
  if (event.target === finder) finder.close();
});
document.getElementById('jump').addEventListener('click', find);

let before = '';
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || finder.open) return;
  if (event.target.closest?.('input, textarea, select')) return;
  const sequence = before + event.key;
  before = '';
  if (event.key === '/') {
    event.preventDefault();
    find();
  } else if (event.key === 't') nextTheme();
  else if (sequence === 'go') go('');
  else if (sequence === 'gg') go('graph');
  else if (sequence === 'gc') go('config');
  else if (event.key === 'g') before = 'g';
  else current?.key?.(event);
});

store.start();
render();
