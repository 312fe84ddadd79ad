/**
 * Streams begun at random moments against a live writer, a thousand times: in history, before the first record, at the border of
 * now, in the future; on the main thread and blocking, in a thread and in another process; over chunks that change every few
 * milliseconds, and writers in this process and another that are closed, killed and followed by the next one. Every record that
 * a stream gives is checked, and has to be the next one.
 *
 *     node packages/deepwater/test/bus/starts.mjs --starts 1000 --seed 7
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Platform } from '../../dist/index.js';
import { chunkPath, compileSchema, feedPaths, openCatalog, peekChunk, readFeedFile } from '../../../core/dist/index.js';
import { Child, orEnd, pause, randomFrom } from './child.mjs';
import { KINDS, StartCheck, chooseStart, startsFeed } from './start-check.mjs';

/** A round has a feed of its own, so that history does not grow without end. */
const STARTS_PER_ROUND = 125;
/** Streams at the same time: so many on the main thread, and one that blocks. */
const LANES = 4;
/** How long a writer lives, about. */
const LIFE_MS = 500;
/** No stream takes so long; it hangs. */
const HANGS_AFTER_MS = 60_000;

/**
 * @returns how many starts of each kind there were, and what went on meanwhile
 * @throws Error at the first record that is not the next one
 */
export async function starts({ count, seed, progress = () => {} }) {
  const basePath = mkdtempSync(path.join(tmpdir(), 'deepwater-starts-'));
  const random = randomFrom(seed);
  const totals = { seed, starts: 0, records: 0, kinds: Object.fromEntries(KINDS.map((kind) => [kind, 0])), chunks: 0, writers: 0, kills: 0 };
  let last = performance.now();
  const whole = ({ kind, records }) => {
    last = performance.now();
    totals.starts += 1;
    totals.records += records;
    totals.kinds[kind] += 1;
    progress(totals);
  };
  let watch;
  const hang = new Promise((_, reject) => {
    watch = setInterval(() => {
      if (performance.now() - last > HANGS_AFTER_MS) reject(new Error(`no stream came to its end for ${HANGS_AFTER_MS / 1000} s`));
    }, 1000);
  });
  const platform = await Platform.open(basePath, { logLevel: 'silent' });
  const rounds = [];
  try {
    for (let begun = 0; begun < count; begun += STARTS_PER_ROUND) {
      const round = new Round(platform, rounds.length, Math.min(STARTS_PER_ROUND, count - begun), random, whole, totals);
      rounds.push(round);
      await Promise.race([round.run(), hang]);
    }
    return totals;
  } catch (error) {
    throw new Error(`seed ${seed}: ${error.message}\n${whatIsThere(basePath, rounds.at(-1)?.feed)}`, { cause: error });
  } finally {
    clearInterval(watch);
    await rounds.at(-1)?.end();
    await platform.close();
    rmSync(basePath, { recursive: true, force: true });
  }
}

/** What catalog and chunks of a feed say just after a failure. */
function whatIsThere(basePath, name) {
  try {
    const { spec, uid } = readFeedFile(basePath, name);
    const paths = feedPaths(basePath, name);
    const { view } = openCatalog(paths.catalog, compileSchema(spec), uid, false);
    const { count, capacity, firstLive, epoch, retired, writer, ringPlace } = view;
    const chunks = Array.from({ length: count }, (_, index) => {
      const { chunkId, firstSequence, gapBefore, epoch: of, state, rows, sealReason } = view.entry(index);
      const entry = `entry ${index}: chunk ${chunkId} from ${firstSequence} (gap ${gapBefore}, epoch ${of}), state ${state}, ${rows} rows, reason ${sealReason}, ${view.entryHolds(index) ? 'holds' : 'does not hold'}`;
      try {
        const { header } = peekChunk(chunkPath(paths, chunkId));
        return `${entry}; file: chunk ${header.chunkId} from ${header.firstSequence}, state ${header.state}, ${header.committedRows} rows`;
      } catch (error) {
        return `${entry}; file: ${error.message}`;
      }
    });
    return [JSON.stringify({ count, capacity, firstLive, epoch, retired, writer, ringPlace }), ...chunks].join('\n');
  } catch (error) {
    return `the feed cannot be looked at: ${error.message}`;
  }
}

class Round {
  #over = false;
  #children = new Set();
  #threads = new Set();

  constructor(platform, index, count, random, whole, totals) {
    Object.assign(this, { platform, index, count, random, whole, totals, feed: `starts-${index}`, basePath: platform.basePath });
  }

  async run() {
    const { platform, feed, count, totals } = this;
    await platform.createFeed(startsFeed(feed));
    const share = Math.floor(count / (LANES + 1));
    const reader = await platform.createReader(feed);
    const blocking = await this.#blockingLane(share);
    // The first streams begin before there is a record.
    const lanes = [blocking(), ...Array.from({ length: LANES }, (_, lane) => this.#lane(reader, lane === 0 ? count - LANES * share : share))];
    const read = Promise.all(lanes).finally(() => { this.#over = true; });
    const written = this.index % 2 === 0 ? this.#writeHere() : this.#writeElsewhere();
    await Promise.all([read, written]);
    totals.chunks += platform.feedInfo(feed).chunks;
    await platform.deleteFeed(feed);
  }

  async end() {
    this.#over = true;
    for (const child of this.#children) child.process.kill('SIGKILL');
    await Promise.all([...this.#children].map(({ ended }) => ended));
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  /** Streams on the main thread, one after the other. */
  async #lane(reader, count) {
    const random = randomFrom(Math.floor(this.random() * 2 ** 32));
    for (let begun = 0; begun < count; begun++) {
      await pause(random() * 4);
      const before = reader.bounds().next;
      const start = chooseStart(random, before);
      const stream = reader.stream(start.options);
      const after = reader.bounds().next;
      const check = new StartCheck(start, before, after, stream);
      const goal = Math.max(after, start.from + 1) + Math.floor(800 * random());
      for await (const item of stream) {
        check.take(item);
        if (check.expected >= goal) {
          check.end();
          break;
        }
        // Slow enough to be lapped, now and then.
        if (random() < 0.0005) await pause(15);
      }
      this.whole({ kind: start.kind, records: check.records });
    }
  }

  /** Blocking streams: in a thread of this process, or in another one. @returns begins them; resolves when all are done */
  async #blockingLane(count) {
    const { basePath, feed } = this;
    const job = { name: 'blocking streams', basePath, feed, count, seed: Math.floor(this.random() * 2 ** 32) };
    let said = () => {};
    let failed = () => {};
    const onLine = (line) => {
      if (line.state === 'whole') this.whole(line);
      else if (line.state === 'failed') failed(new Error(line.message));
      else said(line.state);
    };
    const until = (state) => new Promise((resolve, reject) => {
      failed = reject;
      said = (now) => { if (now === state) resolve(); };
    });
    const ready = until('ready');
    if (this.index % 2 === 1) {
      const child = this.#child('./starts-reader.mjs', job, onLine);
      await orEnd(ready, child);
      return async () => {
        const done = until('done');
        child.say('go');
        await orEnd(done, child);
      };
    }
    const thread = new Worker(new URL('./starts-reader.mjs', import.meta.url), { workerData: job });
    this.#threads.add(thread);
    thread.on('message', onLine);
    thread.on('error', (error) => failed(error));
    await ready;
    return async () => {
      const done = until('done');
      thread.postMessage('go');
      await done;
    };
  }

  /** Writers in threads of this process, one after the other, until the round is over. */
  async #writeHere() {
    const { platform, feed, totals } = this;
    const thread = new Worker(new URL('./starts-writer.mjs', import.meta.url));
    this.#threads.add(thread);
    const failed = once(thread, 'exit').then(() => { if (!this.#over) throw new Error('the writing thread has ended'); });
    failed.catch(() => undefined);
    do {
      const writer = await platform.createWriter(feed);
      const stop = new Int32Array(new SharedArrayBuffer(4));
      thread.postMessage({ handle: platform.writerHandle(feed), stop });
      await Promise.race([once(thread, 'message'), failed]);
      totals.writers += 1;
      await this.#whileRound(LIFE_MS * (0.5 + this.random()));
      Atomics.store(stop, 0, 1);
      await Promise.race([once(thread, 'message'), failed]);
      await writer.close();
    } while (!this.#over);
    await thread.terminate();
    this.#threads.delete(thread);
  }

  /** Writer processes, closed or killed, each followed by one that is loaded already. */
  async #writeElsewhere() {
    const { totals } = this;
    let next = this.#writerProcess();
    do {
      const { child, loaded, writing } = next;
      await orEnd(loaded, child);
      next = this.#writerProcess();
      child.say('go');
      await orEnd(writing, child);
      totals.writers += 1;
      await this.#whileRound(LIFE_MS * (0.5 + this.random()));
      const kill = this.random() < 0.5;
      if (kill) child.process.kill('SIGKILL');
      else child.say('close');
      totals.kills += kill ? 1 : 0;
      const { code, signal } = await child.ended;
      if (kill ? signal !== 'SIGKILL' : code !== 0) throw new Error(`the writer ended with ${code ?? signal}`);
    } while (!this.#over);
    next.child.process.kill('SIGKILL');
    await next.child.ended;
  }

  #writerProcess() {
    const { basePath, feed } = this;
    const said = {};
    const loaded = new Promise((resolve) => { said.loaded = resolve; });
    const writing = new Promise((resolve) => { said.writing = resolve; });
    return { loaded, writing, child: this.#child('./starts-writer.mjs', { name: 'the writer', basePath, feed }, ({ state }) => said[state]?.()) };
  }

  #child(file, job, onLine) {
    const child = new Child(file, job, onLine);
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    return child;
  }

  async #whileRound(ms) {
    for (const until = performance.now() + ms; !this.#over && performance.now() < until;) await pause(5);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { starts: { type: 'string', default: '1000' }, seed: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    console.log('Begins streams at random moments against a live writer and checks every record.\n\n  --starts N   (1000)\n  --seed N     of places, moments and kills (random)\n  --json       the result as JSON\n  -h, --help');
  } else {
    const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
    try {
      const begun = performance.now();
      const result = await starts({
        count: Number(values.starts), seed,
        progress: ({ starts: done }) => { if (process.stderr.isTTY) process.stderr.write(`\r${done} streams`); },
      });
      if (values.json) console.log(JSON.stringify(result, undefined, 2));
      else {
        const { starts: count, records, kinds, chunks, writers, kills } = result;
        console.log(`${count} streams, each whole: ${records} records from ${chunks} chunks of ${writers} writers, ${kills} of them killed, in ${((performance.now() - begun) / 1000).toFixed(1)} s (seed ${seed})`);
        console.log(Object.entries(kinds).map(([kind, number]) => `${kind} ${number}`).join(', '));
      }
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
