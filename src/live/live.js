'use strict';
(() => {
  const SILENCE = 10000; // milliseconds without a word from the run, after which the connection counts as lost
  const AGAIN = 2000;
  const LINKS = { open: '', lost: 'Connection lost, trying again.', over: '' };
  const link = document.getElementById('link');
  let source;
  let heard;

  function say(state) {
    document.body.dataset.link = state;
    if (link.textContent !== LINKS[state]) link.textContent = LINKS[state];
  }

  // Children with a key keep their state (an open <details>, a place in a scrolled table) wherever they move.
  function key(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return '';
    return node.id || node.dataset.key || '';
  }

  function isSame(one, other) {
    return one.nodeName === other.nodeName && key(one) === key(other);
  }

  // Makes `old` equal to `fresh` with as few changes as possible.
  function update(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name, value } of fresh.attributes) {
      if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    updateChildren(old, fresh);
  }

  function updateChildren(old, fresh) {
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      let found = at;
      while (found && !isSame(found, next)) found = found.nextSibling;
      if (!found) {
        old.insertBefore(next, at);
        continue;
      }
      if (found === at) at = at.nextSibling;
      else old.insertBefore(found, at);
      update(found, next);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function show(id, html) {
    heard = Date.now();
    updateChildren(document.getElementById(id), new DOMParser().parseFromString(html, 'text/html').body);
    const state = document.getElementById('control')?.dataset.title;
    const name = document.querySelector('#report h1')?.textContent || 'Gleaner';
    document.title = state ? `${state} · ${name}` : name;
  }

  function connect() {
    heard = Date.now();
    source = new EventSource('/events');
    source.onopen = () => say('open');
    source.addEventListener('now', (event) => show('now', event.data));
    source.addEventListener('report', (event) => show('report', event.data));
    source.addEventListener('over', () => {
      source.close();
      say('over');
    });
    source.onerror = () => {
      if (document.body.dataset.link === 'over') return;
      say('lost');
      // It tries again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN);
    };
  }

  setInterval(() => {
    if (document.body.dataset.link !== 'open' || Date.now() - heard < SILENCE) return;
    say('lost');
    source.close();
    connect();
  }, AGAIN);

  document.addEventListener('click', async (event) => {
    const wish = event.target.closest('button')?.dataset.wish;
    if (!wish || document.body.dataset.link !== 'open') return;
    if (wish === 'drain' && !confirm('Stop the run after the requests in flight? --resume goes on later.')) return;
    const answer = await fetch(`/${wish}`, { method: 'POST' }).catch(() => null);
    if (!answer?.ok) say('lost');
  });

  connect();
})();
