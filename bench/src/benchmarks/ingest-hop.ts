import { once } from 'node:events';
import { type Channel, Ingest, recordFeedName } from '@deepwater/exchanges';
import WebSocket from 'ws';
import type { RecordsSeen } from '../children/records-subscriber.js';
import { type BenchContext, type Benchmark, type Line, atMost, line } from '../lib/benchmark.js';
import { startSender } from '../lib/exchange/frame-sender.js';
import { followRecords, wallUs } from '../lib/exchange/records-follower.js';
import { recordingsFolder } from '../lib/exchange/recordings.js';
import { SLOTS_BYTES, SLOTS_COUNT, SLOTS_HEAD_BYTES } from '../lib/exchange/time-slots.js';
import { BINANCE } from '../lib/exchange/venues.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

const MESSAGES_PER_S = 5000;
const TARGET_US = 50;
const [SYMBOL] = BINANCE.symbols;
/** What is still under way when the last frame was sent. */
const SETTLE_MS = 200;

const settle = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

interface Run extends RecordsSeen {
  readonly problems: readonly string[];
}

/** Frames over a socket into an ingest; a thread follows one of its feeds. */
function ours(context: BenchContext, channel: Channel, wait: 'spin' | 'park', messages: number, warmUp: number): Promise<Run> {
  return withStore(context.directory, async (platform) => {
    const sender = await startSender({ symbols: BINANCE.symbols, messagesPerS: MESSAGES_PER_S, messages });
    const problems: string[] = [];
    try {
      const ingest = await Ingest.start(platform, {
        source: BINANCE.exchange, symbols: BINANCE.symbols, channels: BINANCE.channels, urls: sender.urls,
        onError: (error) => { problems.push(String(error)); },
        onEvent: ({ kind, detail }) => { if (kind === 'gap' || kind === 'bad' || kind === 'disconnected') problems.push(`${kind} ${detail ?? ''}`); },
      });
      while (ingest.status().connections.some(({ state }) => state !== 'open')) await settle(10);
      const follower = await followRecords({ handle: platform.subscription(recordFeedName(BINANCE.exchange, SYMBOL, channel)) }, wait, warmUp);
      const { sent } = await sender.send(120_000);
      await settle(SETTLE_MS);
      const seen = await follower.end();
      const { frames } = ingest.metrics();
      if (frames !== sent) problems.push(`${frames} frames came of ${sent}`);
      if (seen.lost > 0) problems.push(`${seen.lost} records lost`);
      const written = ingest.status().symbols[0].feeds.find((feed) => feed.channel === 'quotes')?.records;
      if (channel === 'quotes' && seen.messages !== written) problems.push(`the subscriber saw ${seen.messages} quotes of ${written}`);
      await ingest.stop();
      return { ...seen, problems };
    } finally {
      sender.end();
    }
  });
}

/** The least that anybody would write: JSON.parse, and the time of receipt into slots of shared memory. */
async function bare(wait: 'spin' | 'park', messages: number, warmUp: number): Promise<Run> {
  const sender = await startSender({ symbols: BINANCE.symbols, messagesPerS: MESSAGES_PER_S, messages });
  const slots = new SharedArrayBuffer(SLOTS_BYTES);
  const head = new Int32Array(slots, 0, 1);
  const times = new Float64Array(slots, SLOTS_HEAD_BYTES);
  try {
    const socket = new WebSocket(`${sender.urls.ws}/public/stream?streams=${SYMBOL.toLowerCase()}@bookTicker`, { perMessageDeflate: false });
    await once(socket, 'open');
    socket.on('message', (data) => {
      const receivedUs = wallUs();
      const frame = JSON.parse((data as Buffer).toString('utf8')) as { data: { e: string } };
      if (frame.data.e !== 'bookTicker') return;
      times[head[0] & (SLOTS_COUNT - 1)] = receivedUs;
      Atomics.add(head, 0, 1);
      if (wait === 'park') Atomics.notify(head, 0);
    });
    const follower = await followRecords({ slots }, wait, warmUp);
    await sender.send(120_000);
    await settle(SETTLE_MS);
    const seen = await follower.end();
    socket.terminate();
    return { ...seen, problems: seen.messages === head[0] ? [] : [`the thread saw ${seen.messages} of ${head[0]}`] };
  } finally {
    sender.end();
  }
}

const CONTESTANTS = ['quotes-spin', 'quotes-park', 'book-park', 'bare-spin', 'bare-park'] as const;
type Contestant = (typeof CONTESTANTS)[number];

export const ingestHop: Benchmark = {
  name: 'ingest-hop',
  title: 'a frame that comes over a socket, to the callback of a subscriber in another thread',
  run: async (context) => {
    if (recordingsFolder() === undefined) {
      context.progress('left out: there are no recordings beside the repository (DEEPWATER_RECORDINGS names another place)');
      return [];
    }
    const seconds = context.pick(5, 2);
    const messages = MESSAGES_PER_S * seconds;
    // A second of frames, of which two thirds are quotes and one in fifteen is of the book.
    const warmUp = { quotes: 2500, book: 200 };
    const seen = Object.fromEntries(CONTESTANTS.map((name) => [name, [] as Run[]])) as Record<Contestant, Run[]>;
    const run = async (name: Contestant): Promise<number> => {
      const [what, wait] = name.split('-') as ['quotes' | 'book' | 'bare', 'spin' | 'park'];
      const result = what === 'bare' ? await bare(wait, messages, warmUp.quotes) : await ours(context, what, wait, messages, warmUp[what]);
      seen[name].push(result);
      context.progress(`${name}: p50 ${(result.p50Ns / 1000).toFixed(1)}, p99 ${(result.p99Ns / 1000).toFixed(1)}, p99.9 ${(result.p999Ns / 1000).toFixed(0)} us`);
      return result.p50Ns;
    };
    await inTurn(context.pick(5, 1), Object.fromEntries(CONTESTANTS.map((name) => [name, () => run(name)])));

    const lines: Line[] = [];
    for (const name of ['quotes-spin', 'quotes-park', 'book-park'] as const) {
      const [what, wait] = name.split('-');
      const peer = wait === 'spin' ? 'bare-spin' as const : 'bare-park' as const;
      const problems = [...seen[name], ...seen[peer]].flatMap((one) => one.problems);
      for (const [label, pick] of [['p50', (r: Run) => r.p50Ns], ['p99', (r: Run) => r.p99Ns], ['p99.9', (r: Run) => r.p999Ns]] as const) {
        const of = (who: Contestant) => sampleOf(seen[who].map((one) => pick(one) / 1000));
        const sample = of(name);
        lines.push(line({
          id: `ingest-hop-${name}-${label}`, unit: 'us', sample, problems,
          what: `${MESSAGES_PER_S.toLocaleString('en')} messages/s of Binance USD-M over a WebSocket, from a frame's receipt to a subscriber's callback in another thread, ${what === 'book' ? 'the last level of each change of the book' : 'quotes'}, ${wait === 'spin' ? 'spinning' : 'parked'}, ${label}`,
          ...(label === 'p99' ? { target: atMost(sample, TARGET_US, 'us') } : {}),
          peers: [{ name: `JSON.parse and a bare SharedArrayBuffer, quotes, ${wait === 'spin' ? 'spinning' : 'Atomics.wait'}`, sample: of(peer) }],
        }));
      }
    }
    return lines;
  },
};
