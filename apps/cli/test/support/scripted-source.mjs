import { setTimeout as sleep } from 'node:timers/promises';

/** An ingest that is made up, the same each time: prices walk, trades come, connections break now and then. Time goes by when it is told to. */

const MAJORS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'ADA', 'AVAX', 'LINK', 'DOT', 'LTC', 'BCH', 'UNI', 'ATOM', 'FIL', 'APT', 'ARB', 'OP', 'SUI', 'NEAR', '1000PEPE'];
const PRICES = [91_234.5, 3_012.41, 131.27, 2.0871, 0.14213, 0.4121, 13.52, 12.91, 2.311, 84.12, 512.3, 6.21, 2.514, 1.571, 2.414, 0.2113, 0.3341, 1.472, 1.791, 0.0045213];

/** Two hundred, as an exchange has them. */
export const MANY_SYMBOLS = Array.from({ length: 200 }, (_, n) => (n < MAJORS.length ? `${MAJORS[n]}USDT` : `${MAJORS[n % MAJORS.length]}${Math.floor(n / MAJORS.length)}USDT`));

/** Mulberry32, by Tommy Ettinger: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As decimals of feeds come: with all of their digits. */
const priceText = (price, digits) => Number(price.toFixed(digits)).toFixed(8);

export function scriptedSource({
  symbols = MANY_SYMBOLS.slice(0, 20), channels = ['trades', 'book', 'quotes'], seed = 1, startMs = 1_764_000_000_000, latencyUs = 14_000, connections: connectionCount = Math.ceil(symbols.length / 80),
} = {}) {
  const next = random(seed);
  let nowMs = startMs;
  let state = 'running';
  let recordsPerS = 0;
  let frames = 0;
  let bytes = 0;
  const asked = { tops: [], tapes: [], stops: 0 };
  const trades = [];
  const events = [{ timeMs: startMs, text: `subscribed: ${symbols.length} symbols, ${channels.join(', ')}` }];
  const of = symbols.map((symbol, n) => {
    const price = PRICES[n % PRICES.length];
    return {
      symbol, connection: connectionCount === 0 ? 1 : 1 + (n % connectionCount), price, digits: Math.max(1, 5 - Math.ceil(Math.log10(price))), weight: 900 / (n + 2), counts: channels.map(() => 0), rates: channels.map(() => 0), gaps: 0, resyncs: 0, bad: 0, side: 'B',
    };
  });
  const bySymbol = new Map(of.map((one) => [one.symbol, one]));
  const connections = Array.from({ length: connectionCount }, (_, n) => ({ id: n + 1, state: 'open', symbols: of.filter(({ connection }) => connection === n + 1).length, connects: 1, sinceMs: startMs, quietMs: 4, lastEnd: undefined }));

  function step(ms) {
    nowMs += ms;
    recordsPerS = 0;
    for (const one of of) {
      const busy = 0.6 + 0.8 * next();
      one.price *= 1 + (next() - 0.5) * 0.0004;
      channels.forEach((channel, at) => {
        const share = { trades: 0.08, book: 0.67, quotes: 0.25, heartbeats: 0.002 }[channel];
        const rate = one.weight * busy * share;
        one.rates[at] = rate;
        one.counts[at] += Math.round((rate * ms) / 1000);
        recordsPerS += rate;
      });
      if (channels.includes('trades') && next() < Math.min(0.9, (one.weight * 0.08 * ms) / 1000)) {
        one.side = next() < 0.5 ? 'B' : 'S';
        const ts = (nowMs - ms * next()) * 1000;
        trades.push({ symbol: one.symbol, ts, recv: ts + latencyUs * (0.7 + next()), side: one.side, price: priceText(one.price, one.digits), size: (next() * next() * 3 * (90_000 / one.price) ** 0.8).toFixed(3) });
      }
    }
    trades.sort((a, b) => a.ts - b.ts);
    trades.splice(0, trades.length - 500);
    frames += Math.round((recordsPerS * ms) / 2400);
    bytes += Math.round((recordsPerS * ms * 61) / 1000);
    const unlucky = next();
    if (unlucky < 0.0008 * ms / 100 * 5 && connections.length > 0) {
      const connection = connections[Math.floor(next() * connections.length)];
      connection.state = 'waiting';
      connection.sinceMs = nowMs;
      connection.lastEnd = 'closed by the exchange: 1006';
      events.push({ timeMs: nowMs, text: `connection ${connection.id} has ended: closed by the exchange: 1006; ${connection.symbols} symbols wait`, level: 'warn' });
    } else if (unlucky < 0.01) {
      const one = of[Math.floor(next() * of.length)];
      if (one !== undefined) {
        one.gaps += 1;
        one.resyncs += 1;
        events.push({ timeMs: nowMs, text: `gap in ${one.symbol} book: 48213312 expected, 48213340 found; begins again from a snapshot`, level: 'warn' });
      }
    }
    for (const connection of connections) {
      connection.quietMs = connection.state === 'open' ? 1 + 20 * next() : nowMs - connection.sinceMs;
      if (connection.state === 'waiting' && nowMs - connection.sinceMs > 3000) {
        connection.state = 'open';
        connection.sinceMs = nowMs;
        connection.connects += 1;
        events.push({ timeMs: nowMs, text: `connection ${connection.id} is open again` });
      }
    }
    events.splice(0, events.length - 100);
  }

  const percentiles = (us, samples) => (samples === 0 ? undefined : { p50: us * (0.97 + 0.06 * next()), p95: us + Math.abs(us) * 2.1, p99: us + Math.abs(us) * 6.4, max: us + Math.abs(us) * 31, samples: Math.min(10_000, samples) });
  const sum = (list) => list.reduce((total, value) => total + value, 0);

  return {
    asked,
    get nowMs() { return nowMs; },
    advance(ms) {
      for (let left = ms; left > 0; left -= 100) step(Math.min(100, left));
    },
    status: () => ({
      source: { name: 'binance-usdm', title: 'Binance USD-M futures' }, state, startedMs: startMs, channels, connections: connections.map((connection) => ({ ...connection })), eventsFeed: 'binance-usdm.events',
      symbols: of.map(({ symbol, connection, counts, rates, gaps, resyncs, bad }) => ({
        symbol, connection, gaps, resyncs, bad, feeds: channels.map((channel, at) => ({ channel, feed: `binance-usdm.${symbol}.${channel}`, records: counts[at], ratePerS: rates[at], ringFill: 0.02 + 0.1 * next() })),
      })),
    }),
    metrics: () => ({
      elapsedMs: nowMs - startMs, frames, bytes, framesPerS: recordsPerS / 2.4, bytesPerS: recordsPerS * 61, records: sum(of.flatMap(({ counts }) => counts)), recordsPerS,
      channels: channels.map((channel, at) => {
        const records = sum(of.map(({ counts }) => counts[at]));
        return { channel, records, ratePerS: sum(of.map(({ rates }) => rates[at])), latency: percentiles(latencyUs, records) };
      }),
      handling: percentiles(19, frames), gaps: sum(of.map(({ gaps }) => gaps)), missing: sum(of.map(({ gaps }) => gaps * 27)), reconnects: sum(connections.map(({ connects }) => connects - 1)), resyncs: sum(of.map(({ resyncs }) => resyncs)),
      checksums: 0, bad: {}, ringFillMax: 0.07 + 0.02 * next(),
    }),
    tape(limit, wanted) {
      const names = new Set(wanted.map(({ symbol }) => symbol));
      asked.tapes.push([...names]);
      return trades.filter(({ symbol }) => names.has(symbol)).slice(-limit);
    },
    top({ symbol }) {
      asked.tops.push(symbol);
      const one = bySymbol.get(symbol);
      if (one === undefined || frames === 0) return undefined;
      const tick = 10 ** -one.digits;
      const text = (price) => priceText(price, one.digits);
      return { last: text(one.price), lastSide: one.side, bid: text(one.price - tick / 2), bidSize: (next() * 40).toFixed(3), ask: text(one.price + tick), askSize: (next() * 40).toFixed(3) };
    },
    events: () => events,
    async stop() {
      asked.stops += 1;
      state = 'stopping';
      await sleep(600);
      state = 'stopped';
    },
  };
}
