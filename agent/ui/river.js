// Colours for configuration texts.

import { h } from './dom.js';

const TOKENS = /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>"(?:\\.|[^"\\\n])*"?|`[^`]*`?)|(?<number>\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<other>[\s\S])/g;

/** Pieces of a text with their classes: `[text, class]`. */
export function pieces(text) {
  const found = [];
  for (const match of text.matchAll(TOKENS)) {
    const { comment, string, number, word } = match.groups;
    if (comment !== undefined) found.push([comment, 'c-comment']);
    else if (string !== undefined) found.push([string, string.includes('(secret)') ? 'c-secret' : 'c-string']);
    else if (number !== undefined) found.push([number, 'c-number']);
    else if (word !== undefined) {
      const rest = text.slice(match.index + word.length, match.index + word.length + 200);
      if (/^(?:true|false|null)$/.test(word)) found.push([word, 'c-number']);
      else if (/^[ \t]*=(?!=)/.test(rest)) found.push([word, 'c-attribute']);
      else if (/^(?:\.[A-Za-z0-9_.]+)?[ \t]*(?:"[^"\n]*"[ \t]*)?\{/.test(rest) || (found.at(-1)?.[0] === '.' && found.at(-2)?.[1] === 'c-block')) found.push([word, 'c-block']);
      else if (/^\(/.test(rest)) found.push([word, 'c-call']);
      else found.push([word, '']);
    } else if (found.length && found.at(-1)[1] === '' && !/[A-Za-z]/.test(found.at(-1)[0]) && match[0] !== '.' && found.at(-1)[0] !== '.') found.at(-1)[0] += match[0];
    else found.push([match[0], '']);
  }
  return found;
}

/** Lines of a text; each a list of pieces. */
export function lines(text) {
  const all = [[]];
  for (const [piece, kind] of pieces(text)) {
    piece.split('\n').forEach((part, at) => {
      if (at) all.push([]);
      if (part) all.at(-1).push([part, kind]);
    });
  }
  return all;
}

const span = ([text, kind]) => (kind ? h('span', { className: kind, text }) : text);

/** Pieces of a line, with marks over ranges of columns: `{from, to, className}`. */
export function line(parts, marks = []) {
  if (!marks.length) return parts.map(span);
  const cuts = new Set(marks.flatMap(({ from, to }) => [from, to]));
  const out = [];
  let at = 0;
  for (const [text, kind] of parts) {
    const inner = [...cuts].filter((cut) => cut > at && cut < at + text.length).sort((a, b) => a - b);
    const ends = [...inner, at + text.length];
    let from = at;
    for (const to of ends) {
      const mark = marks.find((mark) => mark.from <= from && mark.to >= to);
      const piece = span([text.slice(from - at, to - at), kind]);
      out.push(mark ? h('mark', { className: mark.className }, piece) : piece);
      from = to;
    }
    at += text.length;
  }
  const beyond = marks.find((mark) => mark.to > at || (mark.from >= at));
  if (beyond && beyond.from >= at) out.push(h('mark', { className: `${beyond.className} end` }, ' '));
  return out;
}

/** A block of code with line numbers. */
export function code(text, first = 1) {
  return h('pre', { className: 'code', tabIndex: 0 }, lines(text).map((parts, at) => h('div', { className: 'line' }, h('span', { className: 'line-number', text: String(first + at) }), h('code', {}, line(parts)))));
}
