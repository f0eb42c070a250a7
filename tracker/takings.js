// Takings: sends what a visitor does in a shop to a collector. How to use it: docs/tracker.md
// An event is queued until the collector confirms it, and keeps its id. An id counts once: sending twice is harmless.
(() => {
  'use strict';
  if (window.takings) return;
  const QUEUE = 'takings.queue.', SESSION = 'takings.session';  // all that is ever stored, and only with consent
  const BATCH = 10, WAIT = 2000, LONGEST_WAIT = 60000, LONGEST_REST = 3600000, SESSION_ENDS = 1800000;
  const KEPT = 500;  // events; the oldest make room
  const EVENT_SIZE = 30000, BATCH_SIZE = 60000;  // larger ones are refused: by collectors, by beacons

  let address, common = {}, granted = false, session, timer, aborter;
  let queue = [], flying = [];  // not confirmed; and of it, on its way
  let failures = 0, rest = 0, told = 0;  // attempts in vain; rest until; and as the collector told

  // A shop must not break because of its statistics.
  const guarded = work => async (...given) => { try { await work(...given); } catch (error) { warn(error); } };
  const warn = text => console.warn('takings: ' + text);

  const read = name => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  const write = (name, value) => {  // where storage is closed or full, memory has to do
    try { value ? localStorage.setItem(name, JSON.stringify(value)) : localStorage.removeItem(name); } catch {}
  };

  const identifier = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0')).join('');
  const size = value => new Blob([JSON.stringify(value)]).size;

  // Each page stores a queue of its own: two pages writing one would lose events. A new page takes over what it finds;
  // where the other page is still open, both send, with the same ids.
  const own = QUEUE + identifier();
  const save = () => write(own, queue.length && queue);
  const queues = () => {
    try { return Object.keys(localStorage).filter(name => name.startsWith(QUEUE)); } catch { return []; }
  };
  const adopt = () => {
    const names = queues();
    queue = names.flatMap(read).filter(event => event?.event_id).slice(-KEPT);
    save();
    names.forEach(name => write(name));
  };

  const visit = () => {
    const now = Date.now(), last = read(SESSION) || session;
    session = { id: last && now - last.at < SESSION_ENDS ? last.id : identifier(), at: now };
    write(SESSION, session);
    return session.id;
  };

  const schedule = wait => {
    clearTimeout(timer);
    timer = setTimeout(guarded(send), Math.max(wait, rest - Date.now()), BATCH);
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
      const backoff = Math.min(LONGEST_WAIT, 1000 * 2 ** failures++) * (1 + Math.random()) / 2;
      told = Date.now() + Math.min(pause, LONGEST_REST);
      rest = Math.max(told, Date.now() + backoff);
    } else {
      if (status > 399) warn(`the collector refused ${batch.length} events with status ${status}`);
      failures = rest = told = 0;
      queue = queue.filter(event => !batch.includes(event));
      save();
    }
    if (queue.length) schedule(queue.length < BATCH ? WAIT : 0);
  };

  const leave = () => {
    if (!granted || !address || Date.now() < rest) return;  // the next page sends what is stored
    const batch = next(KEPT);
    if (batch.length && navigator.sendBeacon(address, JSON.stringify(batch))) flying = flying.concat(batch);
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
      return schedule(0);
    }
    clearTimeout(timer);
    queue = [];
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
    if (queue.length == 1) schedule(WAIT);
    if (queue.length >= BATCH) return send(BATCH);
  };

  const device = () => !matchMedia('(pointer: coarse)').matches ? 'desktop'
    : Math.min(screen.width, screen.height) < 600 ? 'mobile' : 'tablet';

  addEventListener('online', guarded(() => { rest = told; return send(BATCH); }));
  addEventListener('pagehide', guarded(leave));
  addEventListener('pageshow', guarded(shown => { if (shown.persisted) { flying = []; return send(BATCH); } }));
  document.addEventListener('visibilitychange', guarded(() => document.hidden && send(KEPT)));

  window.takings = {
    init: guarded(options => {
      const target = new URL(options.endpoint, location.href);
      target.searchParams.set('key', options.key);
      address = target.href;
      common = { ...options.fields };
      if ('consent' in options) consent(options.consent);
      schedule(0);
    }),
    consent: guarded(consent),
    set: guarded(fields => { Object.assign(common, fields); }),
    track: guarded(track),
    view: guarded((product, fields) => track('product_view', { product_id: product, ...fields })),
    cart: guarded((product, fields) => track('cart_add', { product_id: product, ...fields })),
    checkout: guarded(fields => track('checkout_start', fields)),
    // A confirmation page that is loaded again is no second order: its lines have the same ids.
    purchase: guarded((order, lines) => {
      lines.forEach((line, index) =>
        track('purchase', { event_id: `${order}.${index + 1}`.slice(-64), order_id: order, ...line }));
      return send(BATCH);
    }),
    flush: guarded(() => send(BATCH)),
  };
})();
