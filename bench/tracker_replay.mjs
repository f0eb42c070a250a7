// Replays visits through the real tracker/takings.js with a clock of its own, and prints what it sent, as JSON.
// node tracker_replay.mjs TRACKER WAIT < visits: one visitor a line, [[[milliseconds, event type], …] a visit, …].
// A view, a search, a checkout and an order each open a page of the shop; everything else happens on the open page.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [path, wait] = process.argv.slice(2);
const OPENS = new Set(['product_view', 'search', 'checkout_start', 'purchase']);
const STAYS = 45000;  // milliseconds on the last page of a visit: the mean of the sample between two views
const LATENCY = 100;  // until an answer of the collector arrives
const GLOBALS = ['window', 'document', 'navigator', 'navigation', 'location', 'localStorage', 'screen', 'matchMedia', 'fetch',
  'crypto', 'Date', 'setTimeout', 'clearTimeout', 'addEventListener', 'dispatchEvent', 'console'];
const tracker = new Function(...GLOBALS, readFileSync(path, 'utf8'));

let now = 0, timers = [], made = 0;
const settled = () => new Promise(setImmediate);  // all that waits for a promise has run

const advance = async until => {
  for (;;) {
    const next = timers.reduce((first, timer) => timer.at <= until && (!first || timer.at < first.at) ? timer : first, null);
    if (!next) break;
    timers.splice(timers.indexOf(next), 1);
    now = Math.max(now, next.at);
    next.run();
    await settled();
  }
  now = until;
};

class Clock extends Date {
  constructor(...given) { given.length ? super(...given) : super(now); }
  static now() { return now; }
}

const events = new Map();  // event id → [type, milliseconds from happening to the first time that it was sent]
let requests = 0, copies = 0, beacons = 0;
const took = body => {
  requests += 1;
  for (const { event_id: id, event_type: type, occurred_at: at } of JSON.parse(body)) {
    copies += 1;
    if (!events.has(id)) events.set(id, [type, now - Date.parse(at)]);
  }
};

class Page {
  constructor(storage) {
    this.handlers = {};
    this.open = true;
    const on = target => (name, handler) => { (this.handlers[target + name] ??= []).push(handler); };
    const timer = (run, pause = 0, ...given) => {
      const added = { at: now + (pause > 0 ? pause : 0), run: () => this.open && run(...given) };
      timers.push(added);
      return added;
    };
    const window = { navigation: { addEventListener: on('navigation.') } };
    this.document = { hidden: false, addEventListener: on('document.') };
    const fetch = (_, { body }) => {
      took(body);
      return new Promise(answer => timer(() => answer({ status: 202, headers: { get: () => null } }), LATENCY));
    };
    const sendBeacon = (_, body) => { took(body); beacons += 1; return true; };
    // ids in order in place of random ones: the same input makes the same output
    const crypto = { getRandomValues: bytes => { new DataView(bytes.buffer).setUint32(0, ++made); return bytes; } };
    tracker(window, this.document, { sendBeacon }, window.navigation, { href: 'https://shop.example/', search: '',
      origin: 'https://shop.example' }, storage, { width: 1440, height: 900 }, () => ({ matches: false }), fetch, crypto,
    Clock, timer, cleared => { timers = timers.filter(one => one !== cleared); }, on('window.'), () => true, console);
    this.takings = window.takings;
    this.takings.init({ endpoint: 'https://collect.example/v1/events', key: 'k', consent: true,
      ...(wait === undefined ? {} : { wait: Number(wait) }) });
  }

  fire(name, event = {}) { for (const handler of this.handlers[name] ?? []) handler(event); }

  leave() {
    this.fire('window.pagehide');
    this.document.hidden = true;
    this.fire('document.visibilitychange');
    this.open = false;
  }
}

const storageOf = () => {
  const storage = Object.create({
    getItem(name) { return this[name] ?? null; },
    setItem(name, value) { this[name] = value; },
    removeItem(name) { delete this[name]; },
  });
  return storage;
};

const visit = async (actions, storage) => {
  let page, opened = -1;
  for (const [at, type] of actions) {
    if (at !== now) await advance(at);  // the lines of an order are recorded in one go
    if (!page || OPENS.has(type) && at !== opened) {  // the lines of an order are of one page
      page?.fire('navigation.navigate', { destination: { url: 'https://shop.example/next' }, downloadRequest: null });
      page?.leave();
      page = new Page(storage);
      opened = at;
    }
    page.takings.track(type, { product_id: 'p10042', product: { name: 'Oak Moka Pot', category: 'Kitchen/Coffee' } });
  }
  await settled();
  await advance(now + STAYS);
  page.leave();
  await settled();
  timers = [];
};

for await (const line of createInterface({ input: process.stdin })) {
  const storage = storageOf();
  for (const actions of JSON.parse(line)) await visit(actions, storage);
}
const delays = wanted => [...events.values()].filter(([type]) => wanted(type)).map(([, delay]) => delay).sort((a, b) => a - b);
const of = (values, share) => values[Math.max(0, Math.ceil(share * values.length) - 1)] / 1000;
const AT_ONCE = ['checkout_start', 'purchase'];
const orders = delays(type => AT_ONCE.includes(type)), others = delays(type => !AT_ONCE.includes(type));
console.log(JSON.stringify({ events: events.size, requests, copies, beacons, median: of(others, 0.5), p95: of(others, 0.95),
  orders_p95: of(orders, 0.95), longest: Math.max(...others, ...orders) / 1000 }));
