import { Platform, type Strategy } from 'deepwater';
import { load, type LoadedSource } from '../main-job/load.js';
import type { Progress } from '../main-job/progress.js';
import { writeByValues } from '../main-job/write.js';
import { findSources } from '../sources/find-sources.js';
import { FILL_FIELDS, type Summary } from '../strategies/account.js';
import type { Example } from './examples.js';
import { replay } from './replay.js';

export interface ExampleResult extends Summary {
  readonly name: string;
  readonly about: string;
  readonly mode: 'history' | 'live';
  /** Records that it was given, and the seconds that its thread spent on them. */
  readonly records: number;
  readonly busySeconds: number;
  /** What it was worth after each of its fills, as its feed of fills has it. */
  readonly equityCurve: readonly number[];
}

export interface ExampleRun {
  readonly recordings: string;
  /** A directory for the store. */
  readonly store: string;
  readonly live: boolean;
  readonly speed: number;
  readonly progress: Progress;
}

/** Runs one of the examples from the first record of its feeds to the last. */
export async function runExample(example: Example, { recordings, store, live, speed, progress }: ExampleRun): Promise<ExampleResult> {
  const sources = await loadFeeds(example, recordings, progress);
  await using platform = await Platform.open(store, { logLevel: 'warn' });
  await platform.createFeed({ name: example.fills, fields: FILL_FIELDS, timestamp: 'timestamp_us', retentionHours: 0 });
  for (const loaded of sources) {
    if (live) await platform.createFeed(loaded.source.spec);
    else await writeByValues(platform, loaded, progress);
  }
  const strategy = await platform.spawnStrategy(example.module, {
    feeds: example.feeds, writes: [example.fills], params: example.params, name: example.name,
    ...(live ? {} : { start: 0 }), ...(example.bars === undefined ? {} : { bars: example.bars }),
  });
  const summary = new Promise<Summary>((resolve) => { strategy.once('emit', (value) => { resolve(value as Summary); }); });
  if (live) await replay(platform, sources, speed, progress);
  const { records, busyMs } = await caughtUp(strategy, sources);
  await strategy.stop();
  const { error } = await strategy.ended;
  if (error !== undefined) throw error;
  const reader = await platform.createReader(example.fills);
  const { equity } = await reader.last(1_000_000, { format: 'columns', columns: ['equity'] }) as { equity: Float64Array };
  return {
    name: example.name, about: example.about, mode: live ? 'live' : 'history', ...(await summary), records, busySeconds: busyMs / 1000, equityCurve: [...equity],
  };
}

async function loadFeeds({ name, feeds }: Example, recordings: string, progress: Progress): Promise<LoadedSource[]> {
  const found = findSources(recordings);
  const loaded: LoadedSource[] = [];
  for (const feed of feeds) {
    const source = found.find((candidate) => candidate.name === feed);
    if (source === undefined) throw new Error(`${name} wants the recording ${feed}, which is not below ${recordings}; there are ${found.map((candidate) => candidate.name).join(', ')}`);
    loaded.push(await load(source, progress));
  }
  return loaded;
}

/** Waits until a strategy has been given every record. */
async function caughtUp(strategy: Strategy, sources: readonly LoadedSource[]) {
  const wanted = sources.reduce((sum, { rows }) => sum + rows, 0);
  for (;;) {
    const metrics = await strategy.metrics();
    if (metrics.records >= wanted || metrics.state !== 'running') return metrics;
    await Promise.race([strategy.ended, new Promise((resume) => { setTimeout(resume, 20); })]);
  }
}
