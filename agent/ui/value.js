// Arguments, exports and debug information, written as the configuration language writes them.

import { h } from './dom.js';

const FIRST = 50;
const MORE = 500;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

const indent = (depth) => '  '.repeat(depth);
const span = (className, text) => h('span', { className, text });

/** Children that come in portions: long lists must not stall the page. */
function portions(items, render) {
  const holder = h('span', { className: 'portions' });
  let shown = 0;
  const add = (number) => {
    holder.querySelector(':scope > button')?.remove();
    const until = Math.min(items.length, shown + number);
    for (; shown < until; shown += 1) holder.append(...render(items[shown], shown));
    if (shown < items.length) holder.append(h('button', { type: 'button', className: 'more', text: `show ${Math.min(MORE, items.length - shown)} of ${items.length - shown} more`, onclick: () => add(MORE) }));
  };
  add(items.length <= FIRST + 10 ? items.length : FIRST);
  return holder;
}

function value({ type, value: inner }, depth) {
  switch (type) {
    case 'string': return [span('c-string', JSON.stringify(inner))];
    case 'number': return [span('c-number', String(inner))];
    case 'bool': return [span('c-number', String(inner))];
    case 'null': return [span('c-number', 'null')];
    case 'capsule': return [span(inner === '(secret)' ? 'c-secret' : 'c-capsule', inner)];
    case 'function': return [span('c-call', String(inner))];
    case 'array': {
      if (!inner.length) return ['[]'];
      const short = inner.length <= 4 && inner.every((item) => !['array', 'object'].includes(item.type)) && JSON.stringify(inner).length < 200;
      if (short) return ['[', ...inner.flatMap((item, at) => [at ? ', ' : '', ...value(item, depth)]), ']'];
      return ['[\n', portions(inner, (item) => [indent(depth + 1), ...value(item, depth + 1), ',\n']), `${indent(depth)}]`];
    }
    case 'object': {
      if (!inner.length) return ['{}'];
      return ['{\n', portions(inner, ({ key, value: field }) => [indent(depth + 1), span('c-attribute', IDENTIFIER.test(key) ? key : JSON.stringify(key)), ' = ', ...value(field, depth + 1), ',\n']), `${indent(depth)}}`];
    }
    default: return [String(inner)];
  }
}

function statements(body, depth) {
  return portions(body, (statement) => {
    if (statement.type === 'block') {
      const label = statement.label ? [' ', span('c-string', JSON.stringify(statement.label))] : [];
      const head = [indent(depth), span('c-block', statement.name), ...label];
      if (!statement.body.length) return [...head, ' { }\n'];
      return [...head, ' {\n', statements(statement.body, depth + 1), `${indent(depth)}}\n`];
    }
    return [indent(depth), span('c-attribute', statement.name), ' = ', ...value(statement.value, depth), '\n'];
  });
}

/** A body; `none` where it is empty. */
export function body(list, none) {
  if (!list?.length) return h('p', { className: 'muted', text: none });
  return h('pre', { className: 'code plain', tabIndex: 0 }, h('code', {}, statements(list, 0)));
}
