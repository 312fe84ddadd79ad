import type { Platform, Reader } from 'deepwater';
import type { BenchContext } from '../benchmark.js';
import { type CPeers, startCPeers, stopCPeers } from './c-peer.js';
import { DuckPeer } from './duck-peer.js';
import { type Tick, tickObjects } from './plain-peers.js';
import { type SidedColumns, type SidedSpec, type TickSpec, columnsOfTicks, fillTicks, tickNumbers } from './ticks.js';

interface Specs {
  readonly ticks: TickSpec;
  readonly sided: SidedSpec;
}

/** The same ticks before everybody who is asked about them. */
export interface TickContest<K extends keyof Specs> {
  readonly reader: Reader<Specs[K]>;
  /** undefined where there is no C compiler. */
  readonly c: CPeers | undefined;
  /** With a table and a Parquet file. */
  readonly duck: DuckPeer;
  readonly ticks: SidedColumns;
  /** The first of them. */
  readonly objects: readonly Tick[];
}

/** Fills a feed with ticks, gets its peers ready, does `work`, and lets them go. */
export async function withTicks<K extends keyof Specs, T>(
  { directory }: BenchContext, platform: Platform, basePath: string, kind: K, rows: number, work: (contest: TickContest<K>) => Promise<T>,
): Promise<T> {
  const numbers = tickNumbers(rows);
  await fillTicks(platform, kind, numbers);
  const reader = await platform.createReader<Specs[K]>(kind);
  const c = startCPeers(basePath, kind, directory);
  const duck = await DuckPeer.open(rows, directory);
  try {
    await duck.writeParquet();
    const ticks = columnsOfTicks(numbers);
    return await work({ reader, c, duck, ticks, objects: tickObjects(ticks) });
  } finally {
    await stopCPeers(c);
    duck.close();
    await reader.close();
  }
}
