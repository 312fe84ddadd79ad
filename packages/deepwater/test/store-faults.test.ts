import fs from 'node:fs';
import path from 'node:path';
import { DeepwaterError, Platform } from 'deepwater';
import { afterAll, describe, expect, test } from 'vitest';
import { type CallToFail, FaultySystem, type Fault, failEach, oneOfEachSite } from '../../ingest/test/support/faults.js';
import { SEED } from '../../../test/support/seed.js';

/** `FAULTS=all` has every single call fail in every way; otherwise one call of each of a third of the call sites does, in one way, by the seed. */
const ALL = process.env['FAULTS'] === 'all';

const root = fs.mkdtempSync('/dev/shm/deepwater-store-faults-');
afterAll(() => { fs.rmSync(root, { recursive: true, force: true }); });
let stores = 0;
const newStore = (): string => path.join(root, `${stores++}`, 'store');

const spec = (name: string): { name: string; timestamp: string; fields: { name: string; type: 'uint64' }[] } => ({ name, timestamp: 't', fields: [{ name: 't', type: 'uint64' }] });

interface Outcome {
  /** What was said to be done. */
  readonly made: Set<string>;
  readonly deleted: Set<string>;
  retention: number | undefined;
  readonly errors: Error[];
}

/** Everything that a store without writers can be asked for, as far as a fault lets it go. */
async function live(basePath: string, outcome: Outcome): Promise<void> {
  const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      outcome.errors.push(error as Error);
      return undefined;
    }
  };
  for (const round of [0, 1]) {
    const platform = await attempt(() => Platform.open(basePath, { logLevel: 'silent', cleanupMinutes: 0, handleSignals: false }));
    if (platform === undefined) continue;
    for (const name of round === 0 ? ['a', 'b'] : ['a', 'c']) {
      if ((await attempt(() => platform.createFeed(spec(name)))) !== undefined) outcome.made.add(name);
    }
    if (outcome.made.has('a')) {
      await attempt(async () => {
        await platform.setLifecycle('a', { retentionHours: round + 1 });
        outcome.retention = round + 1;
      });
    }
    if (round === 1 && outcome.made.has('b')) {
      await attempt(async () => {
        await platform.deleteFeed('b');
        outcome.deleted.add('b');
      });
    }
    await attempt(async () => { platform.listFeeds(); });
    // Done by a thread, on which nothing fails here; starting it takes longer than all the rest.
    if (round === 1) await attempt(() => platform.cleanup());
    await attempt(() => platform.close());
  }
}

/** The store opens without faults, and has what it said it had. */
async function check(basePath: string, { made, deleted, retention }: Outcome): Promise<void> {
  await using platform = await Platform.open(basePath, { logLevel: 'silent', cleanupMinutes: 0, handleSignals: false });
  const names = platform.listFeeds().map(({ name }) => name);
  for (const name of made) if (!deleted.has(name) && name !== 'b') expect(names, `the feed ${name} was made`).toContain(name);
  for (const name of deleted) expect(names, `the feed ${name} was deleted`).not.toContain(name);
  if (retention !== undefined) expect([1, 2].filter((hours) => hours >= retention), 'the lifecycle is what it was said to be, or what came after').toContain(platform.lifecycle('a').retentionHours);
  await platform.createFeed(spec('afterwards'));
  expect(platform.listFeeds().length).toBe(names.length + 1);
  const strangers = fs.readdirSync(basePath, { recursive: true }).map(String).filter((name) => name.endsWith('.new'));
  expect(strangers, 'files left behind').toEqual([]);
}

function openFiles(basePath: string): string[] {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const file = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return file.startsWith(`${basePath}/`) ? [file] : [];
    } catch {
      return [];
    }
  });
}

async function run(fault: Fault): Promise<void> {
  const basePath = newStore();
  const outcome: Outcome = { made: new Set(), deleted: new Set(), retention: undefined, errors: [] };
  const faulty = new FaultySystem(fault, false);
  try {
    await live(basePath, outcome);
    faulty.heal();
    expect(openFiles(basePath), 'files left open').toEqual([]);
    await check(basePath, outcome);
    for (const error of outcome.errors) expect(error, `${error.stack}`).toBeInstanceOf(DeepwaterError);
  } catch (error) {
    throw new Error(`${fault.sticky ? 'from' : 'at'} call ${fault.at}, ${fault.kind} in ${faulty.failed?.site ?? 'nothing'}: ${(error as Error).message}`, { cause: error });
  } finally {
    faulty.end();
    fs.rmSync(path.dirname(basePath), { recursive: true, force: true });
  }
}

async function callsToFail(): Promise<CallToFail[]> {
  const faulty = new FaultySystem(undefined, true);
  try {
    await live(newStore(), { made: new Set(), deleted: new Set(), retention: undefined, errors: [] });
  } finally {
    faulty.end();
  }
  // Each run opens a store twice and its registry often: a third of the call sites at a time.
  return ALL ? faulty.calls.map((call, at) => ({ at, ...call })) : oneOfEachSite(faulty.calls, SEED, 1 / 3);
}

describe('whatever call of the system fails while a store is opened and its feeds are made, changed and deleted', () => {
  test.each([['once', false], ['until it is put right', true]] as const)(`%s: a coded error, and what was done is done (seed ${SEED})`, { timeout: ALL ? 3_600_000 : 180_000 }, async (_name, sticky) => {
    const calls = await callsToFail();
    expect(calls.length).toBeGreaterThan(25);
    const failures = await failEach(calls, sticky, run, (kinds, at) => (ALL ? kinds : [kinds[(SEED + at) % kinds.length] as string]));
    expect(failures.slice(0, 10)).toEqual([]);
  });
});
