// An exchange recorded for a long time, with a dashboard: node apps/cli/test/recording/soak.mjs --minutes 30 --speed 10
//
//     replay server (loops a recording) ──▶ deepwater ingest --tui, in a terminal of 200 × 60
//
// It goes on until the recording has begun again once, where that takes longer. Memory, descriptors and threads of the ingest are looked at all the while, and
// must stay as they are. Afterwards the store is read: between two ends of the connection no trade, no quote and no update of the book may be missing, by the
// exchange's own numbers. It prints one JSON object at its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Platform } from 'deepwater';

const { values: { minutes, speed, capture } } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, speed: { type: 'string', default: '10' }, capture: { type: 'string', default: 'usdm-btcusdt_20240808.gz' } } });
const BIN = fileURLToPath(new URL('../../bin/deepwater.js', import.meta.url));
const recordings = process.env.DEEPWATER_RECORDINGS ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const file = join(recordings, 'binance-raw-ws', capture);
if (!existsSync(file)) {
  console.error(`There is no recording ${file}: set DEEPWATER_RECORDINGS to the folder with the recordings.`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'deepwater-recording-'));
const base = join(folder, 'data');
const ms = Number(minutes) * 60_000;

const server = spawn(process.execPath, [BIN, 'replay-server', '--venue', 'binance', '--capture', file, '--speed', speed, '--end', 'loop', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
const { ws, rest } = JSON.parse(await firstLine(server.stdout));

// `script` gives it a terminal; what it draws is counted and thrown away.
const command = [process.execPath, BIN, 'ingest', 'binance-usdm', 'btcusdt', '--channels', 'trades,book,quotes', '--url', ws, '--rest-url', rest, '-b', base, '--tui'].map((word) => `'${word}'`).join(' ');
const terminal = spawn('script', ['-qec', `stty cols 200 rows 60; exec ${command}`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm-256color' } });
let drawn = 0;
let screen = '';
let begunAgain = false;
terminal.stdout.on('data', (bytes) => {
  drawn += bytes.length;
  screen = (screen + bytes.toString('utf8')).slice(-20_000);
  begunAgain ||= screen.includes('disconnected');
});
const ended = once(terminal, 'close');

const looks = [];
const began = performance.now();
let pid;
while (performance.now() - began < (begunAgain ? ms : 4 * ms)) {
  await sleep(Math.min(5000, ms / 20));
  pid ??= processOf(base);
  if (pid === undefined) continue;
  if (terminal.exitCode !== null) break;
  looks.push(lookAt(pid));
  if (process.stderr.isTTY) process.stderr.write(`\r${Math.round((performance.now() - began) / 1000)} s, ${looks.at(-1).anonMb.toFixed(0)} MB   `);
}
terminal.stdin.write('q');
const [code] = await ended;
server.kill('SIGINT');
await once(server, 'close');

const found = await readBack();
const thirds = (key) => [looks.slice(Math.floor(looks.length / 6), Math.floor(looks.length / 2)), looks.slice(Math.floor(looks.length / 2))].map((some) => median(some.map((look) => look[key])));
const [anonFirst, anonLast] = thirds('anonMb');
const [fdsFirst, fdsLast] = thirds('descriptors');
const [threadsFirst, threadsLast] = thirds('threads');
const problems = [
  ...(code === 0 ? [] : [`the ingest ended with ${code}: ${screen.slice(-500)}`]),
  ...(drawn > 10_000 ? [] : [`the dashboard drew ${drawn} bytes`]),
  ...(looks.length >= 10 ? [] : [`only ${looks.length} looks at its memory`]),
  // In its first minutes a process grows to what it needs, from 170 to 440 MB with Node 24: a short run says nothing of its memory.
  ...(Number(minutes) < 5 || anonLast <= anonFirst * 1.15 + 10 ? [] : [`anonymous memory grew from ${anonFirst} to ${anonLast} MB`]),
  ...(fdsLast <= fdsFirst + 5 ? [] : [`descriptors grew from ${fdsFirst} to ${fdsLast}`]),
  ...(threadsLast <= threadsFirst + 2 ? [] : [`threads grew from ${threadsFirst} to ${threadsLast}`]),
  ...found.problems,
];
console.log(JSON.stringify({ minutes: Number(minutes), speed: Number(speed), ...found.counts, drawnMb: drawn / 1e6, anonMb: [anonFirst, anonLast], descriptors: [fdsFirst, fdsLast], threads: [threadsFirst, threadsLast], looks: looks.length, problems }));
rmSync(folder, { recursive: true, force: true });
process.exitCode = problems.length === 0 ? 0 : 1;

/** Every stretch between two ends of the connection: numbers run on, and times of books are those of whole messages. */
async function readBack() {
  const platform = await Platform.open(base, { readOnly: true, handleSignals: false, logLevel: 'silent' });
  const problems = [];
  const counts = {};
  try {
    const events = await (await platform.createReader('binance-usdm.events')).range(0, 2 ** 52, { format: 'object' });
    counts.rounds = events.filter(({ kind }) => kind === 'disconnected').length;
    for (const { kind, channel, expected, found: came, detail } of events) if (kind === 'checksum' || kind === 'bad' || kind === 'refused') problems.push(`${kind}: ${detail}`);
      // Where a recording begins again its trades step back, and while the connection was away some are missed: those gaps are where it ended.
      else if (kind === 'gap' && channel === 'book') problems.push(`gap in the book: ${expected}, ${came}`);
    for (const [channel, check] of [['trades', tradesRunOn], ['quotes', quotesRunOn], ['book', bookRunsOn]]) {
      const reader = await platform.createReader(`binance-usdm.BTCUSDT.${channel}`);
      const segments = await reader.segments();
      counts[channel] = segments.reduce((sum, { records }) => sum + records, 0);
      counts[`${channel}Segments`] = segments.length;
      for (const { first, next } of segments) problems.push(...check(reader, first, next));
    }
  } finally {
    await platform.close();
  }
  return { counts, problems: problems.slice(0, 20) };
}

function* columnsOf(reader, first, next, columns) {
  for (let from = first; from < next;) {
    const { records, next: reached } = reader.readFromSync(from, Math.min(500_000, next - from), { format: 'columns', columns });
    yield records;
    if (reached <= from) return;
    from = reached;
  }
}

function tradesRunOn(reader, first, next) {
  let last = 0n;
  let missing = 0;
  for (const { id } of columnsOf(reader, first, next, ['id'])) for (const value of id) {
    const each = BigInt(value);
    if (last !== 0n && each !== last + 1n) missing += 1;
    last = each;
  }
  return missing === 0 ? [] : [`trades ${first} to ${next}: ${missing} times the ids do not run on`];
}

/** Numbers of quotes have holes: between them the best prices did not change. But each is in the recording, and none of those in between is missing. */
function quotesRunOn(reader, first, next) {
  const said = (quotesRunOn.said ??= quoteNumbers());
  let at = -1;
  let wrong = 0;
  for (const { update } of columnsOf(reader, first, next, ['update'])) for (const value of update) {
    at = at < 0 ? said.indexOf(Number(value)) : at + 1;
    if (said[at] !== Number(value)) wrong += 1;
  }
  return wrong === 0 ? [] : [`quotes ${first} to ${next}: ${wrong} are not the next of the recording`];
}

function quoteNumbers() {
  return gunzip(file).split('\n').filter((line) => line.includes('@bookTicker"')).map((line) => Number(/"u":(\d+)/.exec(line)[1]));
}

function bookRunsOn(reader, first, next) {
  const said = (bookRunsOn.said ??= gunzip(file).split('\n').filter((line) => line.includes('"depthUpdate"')).map((line) => Number(/"u":(\d+)/.exec(line)[1])));
  let at = -1;
  let before = -1;
  let wrong = 0;
  let open = false;
  for (const { last, flags } of columnsOf(reader, first, next, ['last', 'flags'])) for (let row = 0; row < last.length; row++) {
    const number = Number(last[row]);
    if ((flags[row] & 1) === 0 && number !== before) {
      // Messages without a level leave no record, and there is none in this recording.
      at = at < 0 ? said.indexOf(number) : at + 1;
      if (said[at] !== number || open) wrong += 1;
    }
    if ((flags[row] & 1) === 0) before = number;
    open = (flags[row] & 2) === 0;
  }
  return wrong === 0 ? [] : [`book ${first} to ${next}: ${wrong} messages are not the next of the recording`];
}

function lookAt(of) {
  const status = readFileSync(`/proc/${of}/status`, 'utf8');
  const number = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { anonMb: Math.round(number('RssAnon') / 1000), threads: number('Threads'), descriptors: readdirSync(`/proc/${of}/fd`).length };
}

/** The ingest itself, by its base path: between it and us are a shell and a terminal. */
function processOf(basePath) {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      if (words.includes(basePath) && words[0].endsWith('node')) return Number(name);
    } catch { /* It has ended meanwhile. */ }
  }
  return undefined;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

async function firstLine(stream) {
  let text = '';
  for await (const bytes of stream) {
    text += bytes.toString('utf8');
    if (text.includes('\n')) break;
  }
  return text.slice(0, text.indexOf('\n'));
}

function gunzip(path) {
  return gunzipSync(readFileSync(path)).toString('utf8');
}
