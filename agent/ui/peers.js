// The cluster: this agent, as it is a cluster of one.

import { get } from './data.js';
import { h } from './dom.js';

export default function peers() {
  const body = h('tbody');
  const element = h('div', { className: 'page' },
    h('h1', { text: 'Peers' }),
    h('p', { className: 'muted', text: 'This agent does not cluster: each one does all of its work.' }),
    h('div', { className: 'scroll-x' }, h('table', {}, h('thead', {}, h('tr', {}, ['Name', 'Address', 'State', 'This agent'].map((text) => h('th', { scope: 'col', text })))), body)));
  return {
    element,
    title: 'Peers',
    async begin() {
      try {
        const answer = await get('api/v0/web/peers');
        body.replaceChildren(...answer.map((peer) => h('tr', {}, [peer.name, peer.addr, peer.state, peer.isSelf ? 'yes' : 'no'].map((text) => h('td', { text })))));
      } catch (error) {
        body.replaceChildren(h('tr', {}, h('td', { colSpan: 4, className: 'failure', text: error.message })));
      }
    },
  };
}
