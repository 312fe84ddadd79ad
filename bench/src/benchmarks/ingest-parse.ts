import { recordFeedName } from '@deepwater/exchanges';
import type { Platform } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { HandedSession } from '../lib/exchange/handed-session.js';
import type { PlainRecord } from '../lib/exchange/plain-handling.js';
import { type Message, recordingsFolder } from '../lib/exchange/recordings.js';
import { BINANCE, BYBIT, COINBASE, KRAKEN, type Recorded, expectedOf, recordedOf } from '../lib/exchange/venues.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { hasThreadTime, threadSeconds } from '../lib/thread-time.js';

const TARGET = 300_000;
/** A run takes the messages so often that the scheduler's tick does not matter. */
const MESSAGES_A_RUN = 60_000;
/** Sessions in a row at most: of a recording with few messages, large ones. */
const TIMES_MAX = 24;
/** Records that the plain handling keeps before whoever has them is done with them. */
const KEPT = 4096;

interface Part {
  readonly id: string;
  readonly what: string;
  readonly messages: readonly Message[];
  /** Handed outside the clock before each run of the others. */
  readonly before: readonly Message[];
}

function partsOf({ venue, messages, begun }: Recorded): Part[] {
  const whole = { id: `ingest-parse-${venue.exchange.name}`, what: `messages of ${venue.title} from bytes to the ring`, messages, before: [] };
  if (begun === 0) return [whole];
  return [whole, { id: `${whole.id}-running`, what: 'the same after what a connection begins with, the snapshots of books', messages: messages.slice(begun), before: messages.slice(0, begun) }];
}

/** Compares what the feeds hold after one session with what JSON.parse finds in the frames. */
async function wrongRecords(platform: Platform, handed: HandedSession, recorded: Recorded): Promise<string[]> {
  const problems: string[] = [];
  for (const [key, records] of grouped(expectedOf(recorded))) {
    const [symbol, channel] = key.split(' ') as [string, PlainRecord['channel']];
    const [price, size] = channel === 'quotes' ? ['bid', 'bidSize'] : ['price', 'size'];
    const reader = await platform.createReader(recordFeedName(recorded.venue.exchange, symbol, channel));
    const rows = await reader.last(handed.writers.get(symbol)?.get(channel)?.position ?? 0, { columns: [price, size] }) as [unknown, unknown][];
    let next = 0;
    for (const [rowPrice, rowSize] of rows) {
      const wanted = records[next];
      if (wanted !== undefined && Number(rowPrice) === wanted.price && Number(rowSize) === wanted.size) next++;
      else if (recorded.venue.adds !== true) break;
    }
    if (next < records.length) problems.push(`${key}: record ${next} of ${records.length} is ${String(rows[next])}, not ${records[next].price},${records[next].size}`);
    else if (rows.length > records.length && recorded.venue.adds !== true) problems.push(`${key}: ${rows.length} records, not ${records.length}`);
  }
  return problems;
}

function grouped(records: readonly PlainRecord[]): Map<string, PlainRecord[]> {
  const groups = new Map<string, PlainRecord[]>();
  for (const record of records) {
    const key = `${record.symbol} ${record.channel}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return groups;
}

/** Messages a second of the main thread's processor time, of several sessions in a row. */
async function takeAll(handed: HandedSession, part: Part, times: number): Promise<{ perS: number; wallPerS: number; cores: number; recordsPerMessage: number }> {
  const connections = Array.from({ length: times }, () => handed.connect());
  for (const connection of connections) {
    for (const message of part.before) connection.hand(message);
    await handed.flush();
  }
  const recordsBefore = handed.records;
  let taken = 0;
  const cpu = process.cpuUsage();
  const started = nowNs();
  const startedS = threadSeconds();
  for (const connection of connections) {
    for (const message of part.messages) {
      if (message.reply !== undefined) await connection.handReply(message.reply);
      else {
        connection.hand(message);
        taken += 1;
      }
    }
  }
  const seconds = threadSeconds() - startedS;
  await handed.flush();
  const wallNs = nowNs() - started;
  const { user, system } = process.cpuUsage(cpu);
  for (const connection of connections) connection.close();
  return { perS: taken / seconds, wallPerS: (taken / wallNs) * 1e9, cores: (user + system) / 1e6 / seconds, recordsPerMessage: (handed.records - recordsBefore) / taken };
}

/** The peers: what JSON.parse alone takes, and with the plainest handling. */
function parseAll(recorded: Recorded, part: Part, times: number, handle: boolean): number {
  const { plain } = recorded.venue;
  let records: PlainRecord[] = [];
  let taken = 0;
  const started = threadSeconds();
  for (let time = 0; time < times; time++) {
    for (const { bytes } of part.messages) {
      if (bytes === undefined) continue;
      const frame: unknown = JSON.parse(bytes.toString('utf8'));
      taken += 1;
      if (!handle) continue;
      plain(frame, records);
      if (records.length >= KEPT) records = [];
    }
  }
  return taken / (threadSeconds() - started);
}

async function race(context: BenchContext, recorded: Recorded, amounts: 'decimal' | 'float64', judged: boolean): Promise<Line[]> {
  const lines: Line[] = [];
  await withStore(context.directory, async (platform) => {
    const { venue, symbols } = recorded;
    const handed = await HandedSession.open(platform, { exchange: venue.exchange, symbols, channels: venue.channels, amounts });
    const parts = partsOf(recorded);
    // The first session warms up, and its records are looked at one by one.
    await takeAll(handed, parts[0], 1);
    const problems = [...handed.problems, ...await wrongRecords(platform, handed, recorded)];
    for (const part of parts) {
      const times = context.pick(Math.min(TIMES_MAX, Math.ceil(MESSAGES_A_RUN / part.messages.length)), 1);
      const runs: Awaited<ReturnType<typeof takeAll>>[] = [];
      const samples = await inTurn(context.pick(5, 1), {
        ours: async () => {
          const run = await takeAll(handed, part, times);
          runs.push(run);
          return run.perS / 1000;
        },
        plain: () => parseAll(recorded, part, times, true) / 1000,
        parse: () => parseAll(recorded, part, times, false) / 1000,
      });
      const of = (pick: (run: (typeof runs)[number]) => number): number => sampleOf(runs.map(pick)).median;
      const frames = part.messages.filter(({ bytes }) => bytes !== undefined);
      const bytes = frames.reduce((sum, frame) => sum + (frame.bytes?.length ?? 0), 0) / frames.length;
      lines.push(line({
        id: `${part.id}${amounts === 'decimal' ? '' : '-float64'}`, what: `${part.what}, ${amounts} amounts`, unit: 'thousand messages/s', sample: samples.ours,
        ...(judged ? { target: atLeast(samples.ours, TARGET / 1000, 'thousand messages/s') } : {}),
        peers: [{ name: 'JSON.parse, an object for each record into an array', sample: samples.plain }, { name: 'JSON.parse alone', sample: samples.parse }],
        problems: [...problems, ...handed.problems],
        notes: [
          `a message has ${Math.round(bytes).toLocaleString('en')} bytes and makes ${of((run) => run.recordsPerMessage).toFixed(2)} records`,
          hasThreadTime ? 'seconds are those of the thread that parses and writes, on the processor' : 'seconds are those of the clock',
          `by the clock, until everything is in chunks, ${Math.round(of((run) => run.wallPerS) / 1000)} thousand/s; all threads together took ${of((run) => run.cores).toFixed(2)} times the thread’s time`,
        ],
      }));
    }
    await handed.close();
  });
  return lines;
}

export const ingestParse: Benchmark = {
  name: 'ingest-parse',
  title: 'frames of real exchanges, from their bytes to the ring: messages a second of one thread',
  run: async (context) => {
    if (recordingsFolder() === undefined) {
      context.progress('left out: there are no recordings beside the repository (DEEPWATER_RECORDINGS names another place)');
      return [];
    }
    const lines: Line[] = [];
    for (const [venue, judged] of [[BINANCE, true], [COINBASE, true], [KRAKEN, false], [BYBIT, false]] as const) {
      const recorded = recordedOf(venue);
      for (const amounts of judged ? ['decimal', 'float64'] as const : ['decimal'] as const) {
        const some = await race(context, recorded, amounts, judged);
        for (const { id, sample } of some) context.progress(`${id}: ${Math.round(sample.median)} thousand messages/s`);
        lines.push(...some);
      }
    }
    return lines;
  },
};
