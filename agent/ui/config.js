// The configuration: its files, what is wrong with the one that was refused drawn in its place, and a reload.

import { get, store, url } from './data.js';
import { ago, h, setText } from './dom.js';
import { line, lines } from './river.js';

/** Lines in a group; groups out of sight are not laid out. */
const GROUP = 100;

/** What stands below a line: a finding, or a note that explains one. */
function note(found) {
  const severity = found.severity ?? 'note';
  return h('div', { className: `finding ${severity}` },
    h('strong', { text: found.code ? `${severity}[${found.code}]` : severity }), ': ', found.message ?? found.text,
    found.label ? h('span', { className: 'muted', text: ` (${found.label})` }) : '',
    found.help ? h('div', { className: 'help', text: `help: ${found.help}` }) : '');
}

function fileView(file, notes) {
  const byLine = new Map();
  const add = (number, mark, element) => {
    const at = byLine.get(number) ?? { marks: [], below: [] };
    if (mark) at.marks.push(mark);
    if (element) at.below.push(element);
    byLine.set(number, at);
  };
  for (const found of [...file.diagnostics, ...notes]) {
    const className = `mark ${found.severity ?? 'note'}`;
    const whole = found.end_line > found.line;
    add(found.line, { from: found.column, to: whole ? Number.MAX_SAFE_INTEGER : Math.max(found.end_column, found.column + 1), className }, note(found));
  }
  const rows = lines(file.text).map((parts, at) => {
    const { marks = [], below = [] } = byLine.get(at + 1) ?? {};
    const length = parts.reduce((sum, [text]) => sum + text.length, 0);
    const bounded = marks.map((mark) => ({ ...mark, to: Math.min(mark.to, Math.max(length, mark.from + 1)) }));
    return [h('div', { className: `line ${marks.length ? 'marked' : ''}`, id: `L${at + 1}` }, h('span', { className: 'line-number', text: String(at + 1) }), h('code', {}, line(parts, bounded))), ...below];
  });
  const groups = [];
  for (let at = 0; at < rows.length; at += GROUP) groups.push(h('div', { className: 'group' }, rows.slice(at, at + GROUP)));
  return h('pre', { className: 'code file', tabIndex: 0 }, groups);
}

export default function config() {
  let answer;
  let shown = 'running';
  let fileAt = 0;
  let chosen = false;

  const head = h('p', { className: 'muted', text: ' ' });
  const tabs = h('div', { className: 'tabs', role: 'tablist', ariaLabel: 'Configurations' });
  const files = h('div', { className: 'tabs files', role: 'tablist', ariaLabel: 'Files' });
  const summary = h('div', { className: 'summary' });
  const text = h('div');
  const result = h('span', { className: 'muted', role: 'status' });
  const reload = h('button', { type: 'button', text: 'Reload', title: 'Read the files again', onclick: async () => {
    reload.disabled = true;
    setText(result, 'reloading…');
    try {
      // The reload stands outside of the prefix of the page.
      const done = await fetch(new URL('/-/reload', url('')), { method: 'POST', headers: { accept: 'application/json' } });
      setText(result, done.ok ? 'reloaded' : 'refused; the earlier configuration goes on');
    } catch (error) {
      setText(result, error.message);
    }
    reload.disabled = false;
    chosen = false;
    await load();
    store.poll();
  } });

  const tab = (name, selected, onclick) => h('button', { type: 'button', role: 'tab', ariaSelected: String(selected), text: name, onclick });
  const base = (name) => name.slice(name.lastIndexOf('/') + 1);

  function draw() {
    const side = answer[shown];
    tabs.replaceChildren(...(answer.refused ? [['refused', 'Refused'], ['running', 'Running']].map(([key, name]) => tab(name, shown === key, () => {
      shown = key;
      chosen = true;
      fileAt = 0;
      draw();
    })) : []));
    setText(head, side ? `${answer.path} · ${side.hash ? side.hash.slice(0, 12) : 'unread'} · ${shown === 'running' ? 'loaded' : 'refused'} ${ago(side.at)}` : answer.path);
    if (!side) {
      summary.replaceChildren(h('p', { className: 'muted', text: 'No configuration has been loaded yet.' }));
      text.replaceChildren();
      return;
    }
    const list = side.files;
    fileAt = Math.min(fileAt, Math.max(0, list.length - 1));
    files.replaceChildren(...(list.length > 1 ? list.map((file, at) => tab(file.diagnostics.length ? `${base(file.name)} (${file.diagnostics.length})` : base(file.name), at === fileAt, () => {
      fileAt = at;
      draw();
    })) : []));
    const found = list.flatMap((file, at) => file.diagnostics.map((one) => ({ file, at, one })));
    // What refused it first; the rest as it stands.
    found.sort((one, other) => Number(other.one.severity === 'error') - Number(one.one.severity === 'error'));
    summary.replaceChildren(...[
      side.unreadable ? h('p', { className: 'finding error', text: side.unreadable }) : undefined,
      found.length ? h('ul', { className: 'findings' }, found.map(({ file, at, one }) => h('li', {}, h('button', { type: 'button', className: `link ${one.severity}`, onclick: () => {
        fileAt = at;
        draw();
        const target = document.getElementById(`L${one.line}`);
        target?.scrollIntoView({ block: 'center' });
      } }, h('strong', { text: `${base(file.name)}:${one.line}` }), ` ${one.severity}[${one.code}]: ${one.message}`)))) : undefined,
    ].filter(Boolean));
    const file = list[fileAt];
    const notes = file ? list.flatMap((other) => other.diagnostics.flatMap((one) => one.related)).filter((related) => related.file === file.name && related.text) : [];
    text.replaceChildren(...(file ? [fileView(file, notes)] : []));
  }

  async function load() {
    try {
      const next = await get('api/v0/ui/config');
      if (answer && JSON.stringify(next) === JSON.stringify(answer)) return;
      answer = next;
      if (!chosen || !answer[shown]) shown = answer.refused ? 'refused' : 'running';
      if (!chosen && answer.refused) {
        const at = answer.refused.files.findIndex((file) => file.diagnostics.length);
        fileAt = Math.max(0, at);
      }
      draw();
    } catch (error) {
      summary.replaceChildren(h('p', { className: 'failure', text: error.message }));
    }
  }

  const element = h('div', { className: 'page config' },
    h('div', { className: 'toolbar' }, h('h1', { text: 'Configuration' }), reload, result),
    head, tabs, files, summary, text);
  let end;
  let seen;
  return {
    element,
    title: 'Configuration',
    begin() {
      load();
      end = store.listen((state) => {
        const key = `${state.config.loads}`;
        if (seen !== undefined && seen !== key) load();
        seen = key;
      });
    },
    end: () => end?.(),
    key(event) {
      if (event.key === 'r') reload.click();
    },
  };
}
