// One component: how it fares and fared, what it is configured with, what it exports, who it refers to, its metrics, its own lines.

import { encode, get, KEPT_VALUES, store } from './data.js';
import { badge, clock, count, h, rate, setText, sparkline } from './dom.js';
import { code } from './river.js';
import { body } from './value.js';

/** Between two requests in milliseconds; a component with much to tell is asked less often. */
const REFRESH = 4000;
const SELDOM = 30000;
const MUCH = 300000;

/** May be broken after each underscore. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part) => [part, h('wbr')]);
}

export default function component({ id }) {
  const at = id.lastIndexOf('/');
  const module = at < 0 ? '' : id.slice(0, at);
  const local = at < 0 ? id : id.slice(at + 1);
  const full = (other) => (module ? `${module}/${other}` : other);

  const health = h('p', { className: 'health-now', text: ' ' });
  const failure = h('p', { className: 'failure', role: 'alert', hidden: true });
  const actions = h('p', { className: 'actions' });
  const section = (title, className) => {
    const content = h('div', { className: 'content' }, h('p', { className: 'muted', text: '…' }));
    return { content, element: h('section', { className: `card ${className ?? ''}` }, h('h2', { text: title }), content) };
  };
  const sections = {
    arguments: section('Arguments'),
    exports: section('Exports'),
    debug: section('Debug info'),
    flow: section('Flow'),
    history: section('Health history'),
    references: section('References'),
    metrics: section('Metrics'),
    source: section('Configuration', 'full'),
  };

  // A part is drawn anew only where its data changed: selections and scroll places stay.
  const told = new Map();
  let size = 0;
  function put(name, data, render) {
    const text = JSON.stringify(data);
    size += text?.length ?? 0;
    if (told.get(name) === text) return;
    told.set(name, text);
    sections[name].content.replaceChildren(...[render(data)].flat());
  }
  const links = (title, ids) => h('div', {}, h('h3', { text: title }), ids.length ? h('ul', { className: 'links' }, ids.map((other) => h('li', {}, h('a', { href: `component/${encode(full(other))}`, text: other })))) : h('p', { className: 'muted', text: 'none' }));

  function showComponent(answer) {
    put('arguments', answer.arguments, (list) => body(list, 'No arguments.'));
    put('exports', answer.exports, (list) => body(list, 'Exports nothing.'));
    put('debug', answer.debugInfo, (list) => body(list, 'No debug information.'));
    put('references', [answer.referencesTo, answer.referencedBy, answer.dataFlowEdgesTo], ([to, by, flows]) => [links('Refers to', to), links('Referred to by', by), links('Data flows to', flows)]);
    const key = JSON.stringify([answer.liveDebuggingEnabled, answer.createdModuleIDs]);
    if (told.get('actions') !== key) {
      told.set('actions', key);
      actions.replaceChildren(...[
        h('a', { className: 'button', href: module ? `graph/${encode(module)}` : 'graph', text: 'Graph' }),
        answer.liveDebuggingEnabled && h('a', { className: 'button', href: `debug/${encode(id)}`, text: 'Live debugging' }),
        ...(answer.createdModuleIDs ?? []).map((made) => h('a', { className: 'button', href: `graph/${encode(made)}`, text: `Module ${made}` })),
      ].filter(Boolean));
    }
    showHealth(answer.health.state, answer.health.message, answer.health.updatedTime);
  }
  function showHealth(state, message, updated) {
    const key = `${state}${message}${updated}`;
    if (told.get('health') === key) return;
    told.set('health', key);
    health.replaceChildren(badge(state), h('span', { text: message }), h('span', { className: 'muted', title: updated, text: `since ${new Date(Date.parse(updated)).toLocaleString([], { hour12: false })}` }));
  }
  function showDetails(answer) {
    put('history', answer.history, (changes) => (changes.length ? h('ol', { className: 'history' }, changes.map((change) => h('li', {}, clock(change.updatedTime), badge(change.state), h('span', { text: change.message })))) : h('p', { className: 'muted', text: 'Nothing yet.' })));
    put('metrics', answer.metrics, (metrics) => (metrics.length ? h('div', { className: 'scroll-x' }, h('table', { className: 'metrics' }, h('thead', {}, h('tr', {}, ['Name', 'Labels', 'Value'].map((text, at) => h('th', { scope: 'col', className: at === 2 ? 'number' : '', text })))), h('tbody', {}, metrics.map((metric) => h('tr', {}, h('td', {}, breakable(metric.name)), h('td', { className: 'muted', text: metric.labels }), h('td', { className: 'number', text: metric.value })))))) : h('p', { className: 'muted', text: 'No metrics of its own.' })));
    put('source', answer.source, (source) => (source ? [h('p', { className: 'muted', text: `${source.file}:${source.line}` }), code(source.text, source.line)] : h('p', { className: 'muted', text: 'Not written in the files of this configuration.' })));
  }

  const spark = sparkline();
  const values = [];
  const flowNumbers = h('dl', { className: 'flow-numbers' });
  const flowList = h('ul', { className: 'links' });
  sections.flow.content.replaceChildren(flowNumbers, spark.element, flowList);
  function showState(state) {
    if (store.module !== module) return;
    const node = state.byId.get(local);
    if (!node) return;
    showHealth(node.state, node.message, node.updated);
    const into = node.received === undefined ? undefined : [rate(node.inRate), `${count(node.received)} in all`];
    const out = node.sent === undefined ? undefined : [rate(node.outRate), `${count(node.sent)} in all`];
    flowNumbers.replaceChildren(...(into || out ? [['In', into], ['Out', out]].filter(([, numbers]) => numbers).map(([name, [now, all]]) => h('div', {}, h('dt', { text: name }), h('dd', {}, h('b', { text: now }), ' ', h('span', { className: 'muted', text: all })))) : [h('p', { className: 'muted', text: 'No entries or samples pass here.' })]));
    const value = node.outRate ?? node.inRate;
    if (value !== undefined) {
      values.push(value);
      if (values.length > KEPT_VALUES) values.shift();
      spark.draw(values, KEPT_VALUES);
    }
    const sent = state.edges.filter((edge) => edge.from === local);
    flowList.replaceChildren(...sent.map((edge) => h('li', {}, 'to ', h('a', { href: `component/${encode(full(edge.to))}`, text: edge.to }), ' ', h('span', { className: 'muted', text: rate(edge.rate) }))));
  }

  let timer;
  let ended = false;
  async function load() {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        const [answer, details] = await Promise.all([get(`api/v0/web/components/${encode(id)}`), get(`api/v0/ui/component/${encode(id)}`)]);
        if (ended) return;
        failure.hidden = true;
        size = 0;
        showComponent(answer);
        showDetails(details);
      } catch (error) {
        if (ended) return;
        failure.hidden = false;
        setText(failure, error.status === 404 ? `There is no component ${id}.` : `Cannot read it: ${error.message}`);
      }
    }
    if (!ended) timer = setTimeout(load, size > MUCH ? SELDOM : REFRESH);
  }

  const crumbs = module.split('/').filter(Boolean).map((name, at, all) => [h('a', { href: `graph/${encode(all.slice(0, at + 1).join('/'))}`, text: name }), ' / ']);
  const element = h('div', { className: 'page component' },
    h('p', { className: 'crumbs' }, h('a', { href: '', text: 'Overview' }), ' / ', crumbs),
    h('header', { className: 'component-head' }, h('h1', { text: local }), actions),
    health, failure,
    h('div', { className: 'columns' },
      h('div', {}, sections.arguments.element, sections.exports.element, sections.debug.element),
      h('div', {}, sections.flow.element, sections.history.element, sections.references.element, sections.metrics.element)),
    sections.source.element);

  let end;
  return {
    element,
    module,
    title: id,
    begin() {
      load();
      end = store.listen(showState);
    },
    end() {
      ended = true;
      clearTimeout(timer);
      end?.();
    },
  };
}
