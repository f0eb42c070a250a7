// Takings: sends what a visitor does in a shop to a collector. How to use it: docs/tracker.md
// An event is queued until the collector confirms it, and keeps its id. An id counts once: sending twice is harmless.
(() => {
  'use strict';
  if (window.takings?.init) return;
  const QUEUE = 'takings.queue.', SESSION = 'takings.session';  // all that is ever stored, and only with consent
  const BATCH = 50, WAIT = 30, MOST_WAIT = 600;  // events; seconds that an event may wait for others
  const AT_ONCE = ['checkout_start', 'purchase'];
  const LONGEST_BACKOFF = 60000, LONGEST_REST = 3600000, SESSION_ENDS = 1800000, NAVIGATION = 10000;
  const KEPT = 500;  // events; the oldest make room
  const EVENT_SIZE = 30000, BATCH_SIZE = 60000;  // larger ones are refused: by collectors, by beacons

  let address, common = {}, granted = false, session, timer, aborter, wait = WAIT * 1000;
  let queue = [], flying = [], sent = [];  // not confirmed; of it, on its way; ids that were sent, maybe by a former page
  let stored = false, staying = 0;  // whether the queue is in storage; until when a page of this shop may follow
  let hurried = false;  // whether the queue is to be sent without waiting
  let failures = 0, rest = 0, told = 0;  // attempts in vain; rest until; and as the collector told

  // A shop must not break because of its statistics.
  const guarded = work => async (...given) => { try { await work(...given); } catch (error) { warn(error); } };
  const announced = work => guarded((...given) => {  // recommendations.js draws by consent and customer
    work(...given);
    dispatchEvent(new Event('takings'));
  });
  const warn = text => console.warn('takings: ' + text);

  const read = name => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  const write = (name, value) => {  // where storage is closed or full, memory has to do
    try {
      value ? localStorage.setItem(name, JSON.stringify(value)) : localStorage.removeItem(name);
      return true;
    } catch { return false; }
  };

  const identifier = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0')).join('');
  const size = value => new Blob([JSON.stringify(value)]).size;

  // Each page stores a queue of its own: two pages writing one would lose events. A new page takes over what it finds;
  // where the other page is still open, both send, with the same ids.
  const own = QUEUE + identifier();
  const save = () => {
    sent = sent.filter(id => queue.some(event => event.event_id == id));
    stored = write(own, queue.length && [sent, ...queue]);
    hurried = hurried && queue.length > 0;
  };
  const queues = () => {
    try { return Object.keys(localStorage).filter(name => name.startsWith(QUEUE)); } catch { return []; }
  };
  const adopt = () => {
    const names = queues(), found = names.flatMap(read);
    sent = found.filter(Array.isArray).flat();
    queue = found.filter(event => event?.event_id).slice(-KEPT);
    save();
    names.forEach(name => name == own || write(name));
  };

  const visit = () => {
    const now = Date.now(), last = read(SESSION) || session;
    session = { id: last && now - last.at < SESSION_ENDS ? last.id : identifier(), at: now };
    write(SESSION, session);
    return session.id;
  };

  const fresh = () => queue.filter(event => !sent.includes(event.event_id));
  // What was sent before and not confirmed goes along with the next batch; nothing waits longer than `wait`.
  const due = () => {
    const since = fresh().map(event => AT_ONCE.includes(event.event_type) ? 0 : Date.parse(event.occurred_at));
    return hurried ? 0 : Math.min(wait, Math.max(0, Math.min(...since) + wait - Date.now()));
  };
  const schedule = pause => {
    clearTimeout(timer);
    if (queue.length) timer = setTimeout(guarded(send), Math.max(pause, rest - Date.now()), BATCH);
  };

  const next = most => {
    const batch = [];
    let bytes = 0;
    for (const event of queue.filter(event => !flying.includes(event)).slice(0, most)) {
      bytes += size(event) + 1;
      if (batch.length && bytes > BATCH_SIZE) break;
      batch.push(event);
    }
    return batch;
  };

  const send = async most => {
    if (!granted || !address || !queue.length || flying.length) return;
    if (Date.now() < rest) return schedule(0);
    const batch = flying = next(most), mine = aborter = new AbortController();
    mark(batch);
    let status = 0, pause = 0;
    try {  // text/plain makes it a simple request: no preflight
      const answer = await fetch(address, { method: 'POST', body: JSON.stringify(batch), keepalive: true,
        credentials: 'omit', headers: { 'Content-Type': 'text/plain' }, signal: mine.signal });
      const after = answer.headers.get('Retry-After');
      status = answer.status;
      pause = after && (after * 1000 || Date.parse(after) - Date.now()) || 0;
    } catch {}  // no network: the same as a collector that is down
    if (mine !== aborter) return;  // consent was withdrawn meanwhile
    flying = [];
    if (!status || status == 408 || status == 429 || status > 499) {
      sent = sent.filter(id => !batch.some(event => event.event_id == id));
      const backoff = Math.min(LONGEST_BACKOFF, 1000 * 2 ** failures++) * (1 + Math.random()) / 2;
      told = Date.now() + Math.min(pause, LONGEST_REST);
      rest = Math.max(told, Date.now() + backoff);
    } else {
      if (status > 399) warn(`the collector refused ${batch.length} events with status ${status}`);
      failures = rest = told = 0;
      queue = queue.filter(event => !batch.includes(event));
    }
    save();
    schedule(queue.length < BATCH ? due() : 0);
  };

  const mark = batch => {
    sent = sent.concat(batch.map(event => event.event_id));
    save();
  };

  // The next page sends what is stored. A wrong guess costs a duplicate or a delay, never an event.
  const isHandedOn = () => stored && Date.now() < staying;
  const leave = () => {
    if (!granted || !address || Date.now() < rest || isHandedOn() || !fresh().length) return;
    const batch = next(KEPT);
    if (batch.length && navigator.sendBeacon(address, JSON.stringify(batch))) {
      flying = flying.concat(batch);
      mark(batch);
    }
  };
  const flush = most => {
    hurried = queue.length > 0;
    return send(most);
  };
  const hide = () => document.hidden && !isHandedOn() && fresh().length && flush(KEPT);
  const navigate = url => {
    staying = new URL(url, location.href).origin == location.origin ? Date.now() + NAVIGATION : 0;
  };

  const consent = given => {
    if (granted && given === true) return;
    granted = given === true;
    aborter?.abort();
    aborter = session = null;
    flying = [];
    failures = rest = told = 0;
    if (granted) {
      adopt();
      return schedule(due());
    }
    clearTimeout(timer);
    queue = sent = [];
    [...queues(), SESSION].forEach(name => write(name));
  };

  const track = (type, fields) => {
    if (!granted || !address) return;
    const event = JSON.parse(JSON.stringify({ event_id: identifier(), event_type: type,
      occurred_at: new Date().toISOString(), session_id: visit(), channel: 'web', device: device(),
      campaign: new URLSearchParams(location.search).get('utm_campaign') || undefined, ...common, ...fields }));
    // The collector wants exact prices; 0.1 + 0.2 is none.
    if (typeof event.unit_price == 'number') event.unit_price = event.unit_price.toFixed(4);
    if (size(event) > EVENT_SIZE) return warn(type + ' is too large');
    queue = queue.concat(event).slice(-KEPT);
    save();
    schedule(due());
    if (queue.length >= BATCH) return send(BATCH);
  };

  const device = () => !matchMedia('(pointer: coarse)').matches ? 'desktop'
    : Math.min(screen.width, screen.height) < 600 ? 'mobile' : 'tablet';

  addEventListener('online', guarded(() => { rest = told; return flush(BATCH); }));
  addEventListener('pagehide', guarded(leave));
  addEventListener('pageshow', guarded(shown => {  // from the back/forward cache: other pages have sent meanwhile
    if (!shown.persisted) return;
    flying = [];
    staying = 0;
    if (granted && stored) adopt();
    schedule(due());
  }));
  document.addEventListener('visibilitychange', guarded(hide));
  if (window.navigation) {
    navigation.addEventListener('navigate', guarded(({ destination, downloadRequest }) =>
      destination.sameDocument || downloadRequest != null || navigate(destination.url)));
    ['navigatesuccess', 'navigateerror'].forEach(name => navigation.addEventListener(name, () => { staying = 0; }));
  } else {
    addEventListener('click', guarded(click => {
      const link = click.target.closest?.('a[href]:not([download])');
      if (!link || click.defaultPrevented || click.button || click.metaKey || click.ctrlKey || click.shiftKey) return;
      if (!link.target || link.target == '_self') navigate(link.href);
    }));
    addEventListener('submit', guarded(({ target, defaultPrevented }) =>
      defaultPrevented || navigate(target.getAttribute('action') || '')));
  }

  // Another file of ours may be there before this one.
  window.takings = Object.assign(window.takings || {}, {
    init: announced(options => {
      const target = new URL(options.endpoint, location.href);
      target.searchParams.set('key', options.key);
      address = target.href;
      common = { ...options.fields };
      if (options.wait >= 0) wait = Math.min(options.wait, MOST_WAIT) * 1000;
      if ('consent' in options) consent(options.consent);
      schedule(due());
    }),
    consent: announced(consent),
    set: announced(fields => { Object.assign(common, fields); }),
    state: () => ({ endpoint: address, consent: granted, fields: { ...common } }),
    track: guarded(track),
    view: guarded((product, fields) => track('product_view', { product_id: product, ...fields })),
    cart: guarded((product, fields) => track('cart_add', { product_id: product, ...fields })),
    checkout: guarded(fields => track('checkout_start', fields)),
    // A confirmation page that is loaded again is no second order: its lines have the same ids.
    purchase: guarded((order, lines) => lines.forEach((line, index) =>
      track('purchase', { event_id: `${order}.${index + 1}`.slice(-64), order_id: order, ...line }))),
    flush: guarded(() => flush(BATCH)),
  });
})();
