// Takings: draws recommendations, and sends what is seen and clicked. How to use it: docs/tracker.md
(() => {
  'use strict';
  const takings = window.takings = window.takings || {};  // takings.js may come later
  if (takings.recommend) return;
  const PATIENCE = 1000, SEEN = 1000, HALF = 0.5;  // milliseconds to an answer; in view, by half
  // :where(): any rule of the shop wins
  const STYLE = `
    :where(.takings-list) { display: flex; gap: var(--takings-gap, 1rem); margin: 0; padding: 4px;
      list-style: none; overflow-x: auto; scroll-snap-type: x proximity; scroll-padding: 4px }
    :where(.takings-item) { flex: 0 0 var(--takings-width, 11rem); scroll-snap-align: start; overflow-wrap: anywhere }
    :where(.takings-link) { color: inherit; text-decoration: none }
    :where(.takings-link:hover) .takings-name { text-decoration: underline }
    :where(.takings-link, .takings-link *) { display: block }
    :where(.takings-image) { width: 100%; aspect-ratio: var(--takings-ratio, 1); object-fit: cover }`;
  const lists = new Map();  // by element: what renews it
  let sheet;

  const guarded = work => async (...given) => {
    try { await work(...given); } catch (error) { console.warn('takings: no recommendations: ' + error); }
  };

  const make = (tag, name, inside, properties) => {
    const made = Object.assign(document.createElement(tag), { className: 'takings-' + name }, properties);
    made.append(...inside.filter(Boolean));  // strings become text: strangers name products
    return made;
  };

  const address = (pattern, item) => {
    const found = pattern?.replace?.(/{(\w+)}/g, (_, name) => encodeURIComponent(item[name] || '')) ?? pattern?.(item);
    const url = found && new URL(found, document.baseURI);
    return url && /^https?:$/.test(url.protocol) && url.href;
  };

  const card = (item, { link, image, title, why }) => {
    const href = address(link, item), src = address(image, item);
    return href && make('a', 'link', [
      src && make('img', 'image', [], { alt: '', loading: 'lazy', src }),
      make('b', 'name', [title?.(item) || item.name || item.product_id]),
      item.category && make('small', 'category', [item.category]),
      why && make('small', 'why', [why === true ? item.why.text : why(item)]),
    ], { href });
  };

  const draw = (answer, customer_id, options) => {
    const { items, request_id, surface, model } = answer, { heading = 'Recommended', render } = options;
    const drawn = render ? render(items, answer) : items.map(item => card(item, options));
    const list = make('ul', 'list', items.map(({ product_id, rank }, place) => {
      if (!drawn[place]) return;
      const node = make('li', 'item', [drawn[place]]), sent = {};
      const send = kind => {
        const event_id = `${request_id}.${rank}.${kind}`;  // made again the same, it counts once
        sent[kind] = sent[kind] || takings.track?.('recommendation_' + kind,
          { event_id, customer_id, product_id, recommendation: { request_id, surface, model, rank } });
      };
      const click = ({ button, target }) => {
        if (button > 1 || !target.closest('a, button')) return;
        send('impression');  // who clicks has seen
        send('click');
      };
      node.addEventListener('click', click, true);
      node.addEventListener('auxclick', click, true);
      if (!window.IntersectionObserver) return send('impression'), node;
      let timer;
      const observer = new IntersectionObserver(changes => {
        clearTimeout(timer);
        if (changes.pop().intersectionRatio >= HALF) timer = setTimeout(seen, SEEN);
      }, { threshold: HALF });
      const seen = () => {
        observer.disconnect();
        document.hidden ? observer.observe(node) : send('impression');  // a hidden tab waits
      };
      observer.observe(node);
      return node;
    }), { role: 'list' });  // Safari takes one without bullets for none
    if (!sheet && document.adoptedStyleSheets) {
      (sheet = new CSSStyleSheet()).replaceSync(STYLE);  // as any security policy allows
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    }
    return list.firstChild && make('section', 'recommendations', [heading && make('h2', 'heading', [heading]), list]);
  };

  const question = ({ consent, endpoint, customer, heading, link, image, title, why, render, timeout, ...parameters }) => {
    const known = takings.state?.() || {}, own = known.endpoint;
    if (!own && !endpoint || !known.consent && consent != 'optional') return takings.state && null;
    const url = new URL(endpoint || new URL('recommendations', own), document.baseURI);
    parameters.customer_id = known.consent && (customer || known.fields.customer_id);
    for (const name in parameters) if (parameters[name]) url.searchParams.set(name, parameters[name]);
    url.hash = known.consent;  // never sent; consent asks again
    return url;
  };

  takings.recommend = guarded(async (where, options = {}) => {
    if (document.readyState == 'loading') await new Promise(done => addEventListener('DOMContentLoaded', done));
    const host = where.nodeType ? where : document.querySelector(where);
    if (!host) throw 'no element ' + where;
    let asked = 'undefined';
    const renew = guarded(async () => {
      const url = question(options), now = url + '', patience = new AbortController();
      if (now == asked) return;
      asked = now;
      setTimeout(() => patience.abort('no answer in time'), options.timeout || PATIENCE);
      let section;
      try {  // without preflight, kept nowhere
        const answer = url && await fetch(url, { cache: 'no-store', credentials: 'omit', signal: patience.signal });
        if (url && !answer.ok) throw 'status ' + answer.status;
        section = url && draw(await answer.json(), url.searchParams.get('customer_id') || undefined, options);
      } finally {
        if (now == asked && lists.get(host) == renew) {
          host.textContent = '';
          host.append(section || '');
          host.hidden = !section;
        }
      }
    });
    lists.set(host, renew);
    await renew();
  });
  addEventListener('takings', () => lists.forEach((renew, host) => host.isConnected ? renew() : lists.delete(host)));
})();
