/**
 * Writers that are killed (SIGKILL), at random moments and at every failpoint of opening, writing, rotating, syncing, sealing and
 * closing. After each kill the feed is looked at as any reader sees it: every record that was accepted is there once, whole and in order;
 * what was acknowledged as flushed or synced is among them; and the next writer goes on where the records end.
 *
 *     node packages/ingest/test/kills/kills.mjs --kills 10000 --seed 7 --lanes 2
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  CHUNK_STATE, ENTRY_STATE, FAILPOINTS, RING_PLACE, SymbolDictionaryReader, chunkPath, compileSchema, feedPaths, openCatalog, openChunkForReading, parseFeedSpec,
  ringPaths, sharedRingDirectory,
} from '@deepwater/core';
import { gatherField, openRing } from '@deepwater/ring';
import { buildVictim } from './build-victim.mjs';
import { FIELDS, isMarked, randomFrom, recordOf, symbolOf } from './record.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
/** Failpoints that a writer of one feed comes to. */
export const POINTS = FAILPOINTS.filter((name) => /^(prepare|activate|move|grow|retire|seal|sync|open|close|symbol|segment)\./.test(name) && !/leftover-(counted|adopted)$/.test(name)); // these two come after a power loss
const FEED_UID = 'feedfeedfeedfeed';
const TURNS = 60;

/** One feed, whose writer is killed again and again. */
class Lane {
  #notes;
  #schema;
  #paths;
  #verifiedTo = 0;
  #chunksSeen = 0;
  #next;
  /** @type {Record<string, number>} how often the process died at which failpoint */
  points = {};
  counts = { random: 0, early: 0, unharmed: 0, withRowsInRing: 0 };

  constructor(directory, victim, mode, seed) {
    this.victim = victim;
    this.random = randomFrom(seed);
    this.seed = seed;
    const storeId = Buffer.from(path.basename(directory)).toString('hex').padEnd(32, '0').slice(-32);
    this.source = { basePath: directory, storeId, feedUid: FEED_UID, spec: parseFeedSpec({ name: 'checked', fields: FIELDS, timestamp: 'timestamp_us', mode, chunkSizeBytes: 100_000, ringRecords: 2048 }) };
    fs.mkdirSync(path.join(directory, 'feeds'));
    this.#notes = path.join(directory, 'notes');
    this.#schema = compileSchema(this.source.spec);
    this.#paths = feedPaths(directory, 'checked');
    this.symbols = new SymbolDictionaryReader(this.#paths.symbols, FEED_UID);
    this.#next = this.#start(0);
  }

  get records() { return this.#verifiedTo; }

  /** A victim that waits to begin; what kills it is decided here. */
  #start(cycle) {
    const at = this.random() < 0.6 ? `${POINTS[Math.floor(this.random() * POINTS.length)]}:${this.random() < 0.5 ? 1 : 1 + Math.floor(this.random() ** 3 * 12)}` : '';
    const child = spawn(process.execPath, [this.victim, JSON.stringify(this.source), String(this.seed + cycle), this.#notes, String(TURNS)], {
      stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, KILL_AT: at },
    });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += String(text)));
    const exited = new Promise((resolve) => child.on('exit', (code, signal) => { resolve({ code, signal }); }));
    return { child, at, exited, stderr: () => stderr };
  }

  /** Kills one writer and looks. @param {number} cycle */
  async kill(cycle) {
    fs.writeFileSync(this.#notes, Buffer.alloc(32));
    const { child, at, exited, stderr } = this.#next;
    this.#next = this.#start(cycle + 1); // its modules load while this one writes
    // The catalog is a hint: one that is gone is made again from the chunks.
    if (/^open\.(catalog|stale)/.test(at) || this.random() < 0.02) fs.rmSync(this.#paths.catalog, { force: true });
    child.stdin.write('go');
    if (at === '') {
      // Mostly in the midst of writing; sometimes while it still opens and recovers.
      if (this.random() < 0.15) {
        this.counts.early += 1;
        await delay(this.random() * 150);
      } else {
        while (this.#note(2) === 0 && child.exitCode === null) await delay(1);
        await delay(this.random() * 30);
      }
      child.kill('SIGKILL');
      this.counts.random += 1;
    }
    const { code, signal } = await exited;
    const what = `cycle ${cycle} of seed ${this.seed}, killed ${at === '' ? 'at random' : `at ${at}`}`;
    if (signal === 'SIGKILL') {
      if (at !== '') this.points[at.split(':')[0]] = (this.points[at.split(':')[0]] ?? 0) + 1;
    } else if (code === 0) {
      this.counts.unharmed += 1;
    } else {
      throw new Error(`${what}: ended with ${code ?? signal}: ${stderr()}`);
    }
    this.#verify(what);
  }

  /** The feed as any reader sees it: chunks, then the ring. */
  #verify(what) {
    const [flushed, synced, openedAt] = [this.#note(0), this.#note(1), this.#note(2)];
    const fail = (text) => { throw new Error(`${what}: ${text}`); };
    if (openedAt !== 0 && openedAt - 1 !== this.#verifiedTo) fail(`the writer went on at ${openedAt - 1}, the records ended at ${this.#verifiedTo}`);
    if (!fs.existsSync(this.#paths.catalog)) return;
    const { view } = openCatalog(this.#paths.catalog, this.#schema, FEED_UID, false);
    let end = 0;
    this.symbols.reload();
    const texts = this.symbols.texts(4);
    for (let index = Math.max(0, this.#chunksSeen - 3); index < view.count; index++) {
      const entry = view.entry(index);
      if (entry.state === ENTRY_STATE.DELETED) continue;
      const chunk = openChunkForReading(chunkPath(this.#paths, entry.chunkId), this.#schema);
      const first = chunk.header.firstSequence;
      if (end > 0 && first !== end) fail(`chunk ${entry.chunkId} begins at ${first}, the one before ends at ${end}`);
      const wrong = this.#wrongRow(chunk, texts);
      if (wrong !== undefined) fail(`chunk ${entry.chunkId}, ${wrong}`);
      end = first + chunk.header.committedRows;
    }
    this.#chunksSeen = view.count;
    end = this.#verifyRing(view, end, texts, fail);
    for (const [name, least] of [['accepted', this.#verifiedTo], ['flushed', flushed], ['synced', synced]]) {
      if (end < least) fail(`${least} records were ${name}, ${end} are there`);
    }
    this.#verifiedTo = end;
  }

  #wrongRow({ header, mapped, geometry }, texts) {
    const rows = header.committedRows;
    const column = (i) => geometry.columnOffsets[i];
    const view = new DataView(mapped.buffer);
    for (let row = 0; row < rows; row++) {
      const n = header.firstSequence + row;
      const [sequence, square, side, small, symbol, time] = recordOf(n);
      const holds = view.getFloat64(column(0) + row * 8, true) === sequence && view.getFloat64(column(1) + row * 8, true) === square &&
        view.getUint8(column(2) + row) === side.charCodeAt(0) && view.getUint16(column(3) + row * 2, true) === small &&
        texts[view.getUint32(column(4) + row * 4, true)] === symbol && Number(view.getBigUint64(column(5) + row * 8, true)) === time;
      if (!holds) return `record ${n} is not what was written`;
      if (this.#schema.indexColumn !== undefined && view.getUint8(column(6) + row) !== (isMarked(n) ? 1 : 0)) return `record ${n} has a wrong mark`;
    }
    return undefined;
  }

  #verifyRing(view, end, texts, fail) {
    const { place, user } = view.ringPlace;
    if (place === RING_PLACE.NONE) return end;
    const directory = place === RING_PLACE.SHARED_MEMORY ? sharedRingDirectory(this.source.storeId, user) : this.#paths.directory;
    const file = ringPaths(directory, 'checked').ring;
    if (!fs.existsSync(file)) return end;
    const ring = openRing(file, this.#schema, FEED_UID, 'read-only');
    const { head } = ring;
    if (head < end) fail(`the ring ends at ${head}, the chunks at ${end}`);
    if (head > end) this.counts.withRowsInRing += 1;
    const cells = new Uint8Array((head - end) * 8);
    const fields = this.#schema.columns;
    const squares = new Float64Array(cells.buffer);
    gatherField(ring, fields[1], end, head, cells, 0);
    for (let n = end; n < head; n++) if (squares[n - end] !== recordOf(n)[1]) fail(`record ${n} in the ring is not what was written`);
    const codes = new Uint32Array(head - end);
    gatherField(ring, fields[4], end, head, new Uint8Array(codes.buffer), 0);
    for (let n = end; n < head; n++) if (texts[codes[n - end]] !== symbolOf(n)) fail(`the symbol of record ${n} in the ring is not what was written`);
    return head;
  }

  /** A writer that nobody kills: everything is in sealed chunks afterwards, from the first record to the last. */
  async finish() {
    this.#next.child.kill('SIGKILL');
    fs.writeFileSync(this.#notes, Buffer.alloc(32));
    const child = spawn(process.execPath, [this.victim, JSON.stringify(this.source), '1', this.#notes, '3'], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.write('go');
    const code = await new Promise((resolve) => child.on('exit', resolve));
    if (code !== 0) throw new Error(`the last writer ended with ${code}`);
    this.#chunksSeen = 0;
    this.#verify('at the end');
    const { view } = openCatalog(this.#paths.catalog, this.#schema, FEED_UID, false);
    for (let index = 0; index < view.count; index++) {
      const { state, chunkId } = view.entry(index);
      if (state !== ENTRY_STATE.SEALED) throw new Error(`entry ${index} is not sealed at the end`);
      const { header } = openChunkForReading(chunkPath(this.#paths, chunkId), this.#schema);
      if (header.state !== CHUNK_STATE.SEALED) throw new Error(`chunk ${chunkId} is not sealed at the end`);
    }
    const strangers = fs.readdirSync(this.#paths.chunks).filter((name) => !/^\d{12}\.dwk$/.test(name));
    if (strangers.length > 0) throw new Error(`left behind: ${strangers.join(', ')}`);
    return view.count;
  }

  #note(index) {
    const notes = fs.readFileSync(this.#notes);
    return notes.length < 32 ? 0 : notes.readDoubleLE(index * 8);
  }
}

/**
 * @param {{ kills: number, seed: number, lanes?: number, directory?: string, onProgress?: (done: number) => void }} options
 * @returns what was killed and what is there
 */
export async function killWriters({ kills, seed, lanes = 2, directory = '/dev/shm', onProgress = () => {} }) {
  const built = await buildVictim({ victim: path.join(here, 'victim.mjs'), 'keeper-worker': path.join(here, 'keeper-worker.mjs'), 'ingest-worker': path.join(here, 'ingest-worker.mjs') });
  const stores = Array.from({ length: lanes }, () => fs.mkdtempSync(path.join(directory, 'deepwater-kills-')));
  let done = 0;
  try {
    const all = await Promise.all(stores.map(async (store, i) => {
      const lane = new Lane(store, path.join(built.directory, 'victim.js'), i % 4 === 1 ? 'IF' : 'UF', seed + i * 1_000_003);
      for (let cycle = Math.floor((kills * i) / lanes); cycle < Math.floor((kills * (i + 1)) / lanes); cycle++) {
        await lane.kill(cycle);
        onProgress(++done);
      }
      return { chunks: await lane.finish(), lane };
    }));
    const points = {};
    const counts = { random: 0, early: 0, unharmed: 0, withRowsInRing: 0, records: 0, chunks: 0 };
    for (const { lane, chunks } of all) {
      for (const [name, count] of Object.entries(lane.points)) points[name] = (points[name] ?? 0) + count;
      for (const [name, count] of Object.entries(lane.counts)) counts[name] += count;
      counts.records += lane.records;
      counts.chunks += chunks;
    }
    return { kills: done, seed, ...counts, atFailpoints: Object.values(points).reduce((sum, count) => sum + count, 0), points, neverReached: POINTS.filter((name) => !(name in points)) };
  } finally {
    built.remove();
    for (const store of stores) {
      fs.rmSync(store, { recursive: true, force: true });
      fs.rmSync(sharedRingDirectory(Buffer.from(path.basename(store)).toString('hex').padEnd(32, '0').slice(-32)), { recursive: true, force: true });
    }
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '10000' }, seed: { type: 'string' }, lanes: { type: 'string', default: '2' }, json: { type: 'boolean', default: false } } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const began = performance.now();
  const result = await killWriters({
    kills: Number(values.kills), seed, lanes: Number(values.lanes),
    onProgress: (done) => { if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${values.kills} (seed ${seed})`); else if (done % 500 === 0) process.stderr.write(`${done} of ${values.kills}\n`); },
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (values.json) console.log(JSON.stringify({ ...result, seconds: Number(seconds) }));
  else console.log(`\n${result.kills} cycles in ${seconds} s (seed ${seed}): ${result.random} killed at random, ${result.atFailpoints} at failpoints, ${result.unharmed} ended by themselves; ${result.records} records in ${result.chunks} chunks, none lost, none torn\n${Object.entries(result.points).map(([name, count]) => `  ${name} ${count}`).join('\n')}\nnever reached: ${result.neverReached.join(', ') || 'none'}`);
}
