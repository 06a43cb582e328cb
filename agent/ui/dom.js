// Small helpers to make elements and to write numbers and times.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'text') element.textContent = value;
    else if (name in element && name !== 'list' && element.namespaceURI !== SVG && name !== 'role') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== undefined && child !== null && child !== false) element.append(child);
  }
}

/** An element with properties, listeners (`onclick`) and children. */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element with attributes and children. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Sets a text, and touches the page only where it differs. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** `1.2 k`: three significant digits at the most. */
export function count(number) {
  if (!Number.isFinite(number)) return '–';
  const units = ['', ' k', ' M', ' G', ' T'];
  let unit = 0;
  while (Math.abs(number) >= 999.5 && unit < units.length - 1) {
    number /= 1000;
    unit += 1;
  }
  const digits = Math.abs(number) >= 100 || Number.isInteger(number) ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  return number.toFixed(digits) + units[unit];
}

/** `1.2 k/s`; a dash where it is not known yet. */
export function rate(number) {
  if (number === undefined) return '–';
  return `${count(number)}/s`;
}

export function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${number.toFixed(number >= 100 || unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** `3 h 20 min`. */
export function duration(seconds) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const from = parts.findIndex(([length]) => seconds >= length);
  if (from < 0) return '0 s';
  const [length, name] = parts[from];
  const whole = Math.floor(seconds / length);
  const rest = parts[from + 1];
  const more = rest ? Math.floor((seconds - whole * length) / rest[0]) : 0;
  return more ? `${whole} ${name} ${more} ${rest[1]}` : `${whole} ${name}`;
}

/** `2 min ago`. */
export function ago(time, now = Date.now()) {
  const then = Date.parse(time);
  if (!Number.isFinite(then)) return '';
  const seconds = Math.max(0, (now - then) / 1000);
  if (seconds < 2) return 'just now';
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const [length, name] = parts.find(([length]) => seconds >= length) ?? [1, 's'];
  return `${Math.floor(seconds / length)} ${name} ago`;
}

/** A time of day on this machine, with the whole time as a title. */
export function clock(time) {
  const date = new Date(Date.parse(time));
  if (Number.isNaN(date.getTime())) return h('time', { text: '' });
  return h('time', { dateTime: time, title: time, text: date.toLocaleTimeString([], { hour12: false }) });
}

/** Cuts a text in its middle. */
export function shorten(text, length) {
  if (text.length <= length) return text;
  const half = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - half)}…${text.slice(text.length - half)}`;
}

/** A line over the last values. */
export function sparkline(className) {
  const path = s('path', { class: 'spark-line' });
  const element = s('svg', { class: `spark ${className ?? ''}`, viewBox: '0 0 100 24', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, path);
  return {
    element,
    draw(values, length) {
      if (values.length < 2) return;
      const top = Math.max(...values, 1e-9);
      const step = 100 / (length - 1);
      const start = 100 - (values.length - 1) * step;
      path.setAttribute('d', values.map((value, at) => `${at ? 'L' : 'M'}${(start + at * step).toFixed(2)} ${(22 - (value / top) * 20).toFixed(2)}`).join(''));
    },
  };
}

/** A dot and a word for a state of health. */
export function badge(state) {
  return h('span', { className: `badge ${state}` }, h('i', { ariaHidden: 'true' }), state);
}
