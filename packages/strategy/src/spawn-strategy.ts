import { compileSchema, notIndexed } from '@deepwater/core/engine';
import type { WriterHandle } from '@deepwater/ingest';
import { checkBroker } from './broker/broker-options.js';
import type { StrategyInit } from './protocol.js';
import { newStats } from './shared-stats.js';
import { Strategy } from './strategy.js';
import type { StrategyHost } from './strategy-host.js';
import { checkStrategyOptions, moduleUrl } from './strategy-options.js';

/**
 * Runs a module in a thread of its own. When this returns, `onStart` is done and the feeds are followed: no record that is written
 * from then on is missed.
 *
 * @throws DeepwaterError DW_OPTION_INVALID, DW_FEED_UNKNOWN, DW_FEED_NOT_INDEXED, DW_WRITER_EXISTS; DW_STRATEGY_INVALID where the module does not load or
 * has no handlers; DW_STRATEGY_FAILED where `onStart` throws; DW_STRATEGY_TIMEOUT
 */
export async function spawnStrategy(host: StrategyHost, module: unknown, options: unknown): Promise<Strategy> {
  const url = moduleUrl(module);
  const checked = checkStrategyOptions(url, options);
  const { feeds, writes, name, start, playback, wait, bars, broker, seed } = checked;
  const handles = feeds.map((feed) => host.subscription(feed));
  if (playback && handles.every(({ source }) => compileSchema(source.spec).indexColumn === undefined)) throw notIndexed(feeds[0] as string, 'playback: true');
  if (broker !== undefined) checkBroker(broker, handles.map(({ source: { spec } }) => ({ feed: spec.name, schema: compileSchema(spec) })));
  const written = writes.map((feed) => host.source(feed));
  const writers: WriterHandle[] = [];
  let init: Omit<StrategyInit, 'events' | 'params'>;
  try {
    for (const feed of writes) writers.push(await host.claimWriter(feed, name));
    init = {
      name, module: url.href, feeds: handles, writers, written, wait, seed, stats: newStats(feeds.length),
      place: { ...(start === undefined ? {} : { start }), ...(playback ? { playback } : {}) }, ...(bars === undefined ? {} : { bars }), ...(broker === undefined ? {} : { broker }),
    };
  } catch (error) {
    await host.release(writers.map(({ feed }) => feed));
    throw error;
  }
  const strategy = new Strategy(host, init, checked);
  await strategy.begin();
  return strategy;
}
