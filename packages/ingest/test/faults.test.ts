import fs from 'node:fs';
import path from 'node:path';
import { DeepwaterError, SymbolDictionaryReader, compileSchema, feedPaths, ringPaths, sharedRingDirectory } from '@deepwater/core';
import { afterAll, describe, expect, test } from 'vitest';
import type { FeedSource } from '@deepwater/ingest';
import { type CallToFail, FaultySystem, type Fault, failEach, oneOfEachSite } from './support/faults.js';
import { chunksOf, feedSource } from './support/feed.js';
import { OneThread, openFiles } from './support/one-thread.js';
import { SEED } from '../../../test/support/seed.js';

/** `FAULTS=all` has every single call fail; otherwise one call of every call site does, the first or a later one by the seed. */
const ALL = process.env['FAULTS'] === 'all';

const root = fs.mkdtempSync('/dev/shm/deepwater-faults-');
afterAll(() => { fs.rmSync(root, { recursive: true, force: true }); });

const spec = {
  name: 'f', mode: 'IF', timestamp: 't', chunkSizeBytes: 100_000, ringRecords: 1024,
  fields: [{ name: 'n', type: 'float64' }, { name: 's', type: 'symbol' }, { name: 't', type: 'uint64' }],
} as const;

const valuesOf = (n: number): [number, string, number] => [n, `S${Math.floor(n / 3000)}`, 1_700_000_000_000_000 + n];

let stores = 0;
function newStore(): FeedSource {
  const directory = path.join(root, `${stores++}`);
  fs.mkdirSync(path.join(directory, 'feeds'), { recursive: true });
  return feedSource(directory, spec);
}

interface Outcome {
  /** Records that a writer took. */
  accepted: number;
  errors: Error[];
}

/** Writes records into the ring, moving them when it is full. @returns what stood in the way */
async function write(engine: OneThread, outcome: Outcome, count: number): Promise<Error | undefined> {
  const { writer } = engine;
  for (let i = 0; i < count; i++) {
    if (writer.position - writer.flushedPosition >= 700) {
      const error = await engine.move();
      if (error !== undefined) return error;
    }
    try {
      if (outcome.accepted % 100 === 0) writer.markIndex();
      writer.writeValues(...valuesOf(outcome.accepted));
    } catch (error) {
      return error as Error; // a symbol that cannot be kept: the record was not written
    }
    outcome.accepted += 1;
  }
  return undefined;
}

/** A feed's life, as far as a fault lets it go: filled over several chunks, synced, closed, opened again, left by a writer that died, recovered. */
async function live(source: FeedSource, outcome: Outcome): Promise<void> {
  const note = (error: Error | undefined): void => { if (error !== undefined) outcome.errors.push(error); };
  for (const [records, ends] of [[9000, true], [6000, false], [3000, true]] as const) {
    let engine: OneThread;
    try {
      engine = new OneThread(source);
    } catch (error) {
      note(error as Error);
      continue;
    }
    expect(engine.writer.position, 'a writer goes on where the records end').toBe(outcome.accepted);
    note(await write(engine, outcome, records / 2));
    note(await engine.sync());
    note(await write(engine, outcome, records / 2));
    note(await engine.move());
    if (ends) note(await engine.close());
    else await engine.die();
  }
}

/** Opens the feed without faults, and looks at every record. */
async function check(source: FeedSource, outcome: Outcome): Promise<void> {
  const engine = new OneThread(source);
  expect(engine.writer.position, 'records that were accepted').toBe(outcome.accepted);
  expect(await write(engine, outcome, 100), 'the feed can be written again').toBeUndefined();
  expect(await engine.sync()).toBeUndefined();
  expect(await engine.close()).toBeUndefined();
  const symbols = new SymbolDictionaryReader(feedPaths(source.basePath, 'f').symbols, source.feedUid);
  symbols.reload();
  const texts = symbols.texts(1);
  let end = 0;
  for (const chunk of chunksOf(source)) {
    expect([chunk.sealed, chunk.firstSequence]).toEqual([true, end]);
    const [n, code] = chunk.columns as [DataView, DataView];
    for (let row = 0; row < chunk.rows; row++, end++) {
      if (n.getFloat64(row * 8, true) !== end || texts[code.getUint32(row * 4, true)] !== valuesOf(end)[1] || chunk.marks?.[row] !== (end % 100 === 0 ? 1 : 0)) {
        expect.fail(`record ${end} in chunk ${chunk.chunkId}: ${n.getFloat64(row * 8, true)}, ${texts[code.getUint32(row * 4, true)]}, mark ${chunk.marks?.[row]}`);
      }
    }
  }
  expect(end, 'records in chunks').toBe(outcome.accepted);
  expect(compileSchema(source.spec).columns.length).toBe(4);
  const left = fs.readdirSync(feedPaths(source.basePath, 'f').chunks).filter((name) => !name.endsWith('.dwk'));
  expect(left, 'files left behind').toEqual([]);
  expect(fs.existsSync(ringPaths(sharedRingDirectory(source.storeId), 'f').ring), 'the ring is gone').toBe(false);
}

async function run(fault: Fault): Promise<string> {
  const source = newStore();
  const outcome: Outcome = { accepted: 0, errors: [] };
  const faulty = new FaultySystem(fault, false);
  let site = '';
  try {
    await live(source, outcome);
    site = faulty.failed?.site ?? 'not reached';
    faulty.heal();
    await check(source, outcome);
    expect(openFiles(source), 'files left open').toEqual([]);
    for (const error of outcome.errors) expect(error, `${(error as Error).stack}`).toBeInstanceOf(DeepwaterError);
  } catch (error) {
    throw new Error(`${fault.sticky ? 'from' : 'at'} call ${fault.at}, ${fault.kind} in ${faulty.failed?.site ?? site}: ${(error as Error).message}`, { cause: error });
  } finally {
    faulty.end();
    for (const { fd } of openFiles(source)) fs.closeSync(fd);
    fs.rmSync(source.basePath, { recursive: true, force: true });
    fs.rmSync(sharedRingDirectory(source.storeId), { recursive: true, force: true });
  }
  return site;
}

/** Which calls are to fail: of each call site one, or all. */
async function callsToFail(): Promise<CallToFail[]> {
  const source = newStore();
  const faulty = new FaultySystem(undefined, true);
  try {
    await live(source, { accepted: 0, errors: [] });
  } finally {
    faulty.end();
  }
  return ALL ? faulty.calls.map((call, at) => ({ at, ...call })) : oneOfEachSite(faulty.calls, SEED);
}

describe('whatever call of the system fails, nothing that was accepted is lost', () => {
  test.each([['once', false], ['until it is put right', true]] as const)(`%s (seed ${SEED})`, { timeout: ALL ? 3_600_000 : 180_000 }, async (_name, sticky) => {
    const calls = await callsToFail();
    expect(calls.length).toBeGreaterThan(60);
    const failures = await failEach(calls, sticky, run);
    expect(failures.slice(0, 10)).toEqual([]);
  });
});
