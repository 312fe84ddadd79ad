import { DeepwaterError } from 'deepwater';
import type { BackoffOptions } from '../backoff.js';
import { CHANNEL_ALIASES, type Channel } from '../exchange.js';
import type { RecordFeedOptions } from '../records/record-feeds.js';
import type { Source } from '../source.js';
import type { RecordedEvent } from './event-feed.js';

export interface IngestOptions extends RecordFeedOptions {
  readonly source: Source;
  /** As people type them: `btcusdt`, `BTC-USD`. May be empty: `subscribe` comes later. */
  readonly symbols: readonly string[];
  /** Our names or the exchange's: `trades`, `book` or `level2`, `quotes`, `heartbeats`. Default: trades and book. */
  readonly channels?: readonly string[];
  /** Other endpoints than the source's own: a replay server's, a proxy's. */
  readonly urls?: { readonly ws?: string | undefined; readonly rest?: string | undefined } | undefined;
  /** Symbols on a connection at most; default, and never more than, what the source allows. Fewer means that less stands still when one ends. */
  readonly symbolsPerConnection?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
  /** A directory for the raw frames, in files that the replay server plays and `deepwater import` reads. */
  readonly recordRaw?: string | undefined;
  /** A file for frames that cannot be read, one JSON object a line. */
  readonly recordBad?: string | undefined;
  /** Told of everything that is written to the events feed. */
  readonly onEvent?: ((event: RecordedEvent) => void) | undefined;
  /** Told of what is wrong on this side: a disk that is full, a recording that ended. Ingest goes on as far as it can. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const DEFAULT_CHANNELS: readonly string[] = ['trades', 'book'];

/** @throws DeepwaterError DW_OPTION_INVALID for one that the source does not have */
export function checkedChannels(source: Source, given: readonly string[] = DEFAULT_CHANNELS): Channel[] {
  const channels = given.map((name) => {
    const channel = Object.hasOwn(CHANNEL_ALIASES, name) ? CHANNEL_ALIASES[name] as Channel : name as Channel;
    if (source.channels.includes(channel)) return channel;
    throw new DeepwaterError('DW_OPTION_INVALID', `${source.title} has no channel ${JSON.stringify(name)}; it has ${source.channels.join(', ')}.`, { values: { source: source.name, channel: name } });
  });
  if (channels.length === 0) throw new DeepwaterError('DW_OPTION_INVALID', `Name at least one channel of ${source.title}: ${source.channels.join(', ')}.`, { values: { source: source.name } });
  return [...new Set(channels)];
}

/** As the exchange writes them, each once. @throws DeepwaterError DW_SYMBOL_UNKNOWN */
export const checkedSymbols = (source: Source, typed: readonly string[]): string[] => [...new Set(typed.map((symbol) => source.symbolOf(symbol)))];
