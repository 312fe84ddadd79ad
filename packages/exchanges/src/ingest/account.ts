/** What an event of a connection means for the counts, and for the feeds that have a hole there. */
import type { ConnectionEvent } from '../connection.js';
import { interruption } from '../interruption.js';
import type { Shard } from './shards.js';
import type { SymbolFeeds } from './symbol-feeds.js';
import type { Tally } from './tally.js';

export interface Accounted {
  readonly shard: Shard;
  readonly tally: Tally;
  /** Feeds of the event's symbol. */
  readonly feeds: SymbolFeeds | undefined;
  /** Feeds of all symbols of the connection. */
  readonly all: () => readonly SymbolFeeds[];
  /** A boundary in the feeds of a symbol. */
  readonly mark: (feeds: SymbolFeeds, reason: string, channel?: string) => void;
}

export function account(event: ConnectionEvent, { shard, tally, feeds, all, mark }: Accounted): void {
  const channel = 'channel' in event ? event.channel : undefined;
  switch (event.kind) {
    case 'connected':
      shard.connects += 1;
      shard.sinceMs = Date.now();
      if (shard.connects > 1) tally.reconnects += 1;
      shard.wasOpen = true;
      break;
    case 'disconnected':
      shard.lastEnd = event.detail;
      shard.sinceMs = Date.now();
      // Where there never was a record there is nothing to be interrupted.
      if (shard.wasOpen) for (const each of all()) mark(each, `disconnected: ${event.detail}`);
      shard.wasOpen = false;
      break;
    case 'gap':
      tally.gaps += 1;
      if (event.expected !== undefined && event.found !== undefined) tally.missing += Math.max(0, event.found - event.expected);
      // Numbers that run over a whole connection do not tell of what something is missing.
      for (const each of feeds === undefined ? all() : [feeds]) {
        each.gaps += 1;
        mark(each, interruption(event)!, channel);
      }
      break;
    case 'checksum':
      tally.checksums += 1;
      if (feeds !== undefined) mark(feeds, interruption(event)!, channel);
      break;
    case 'resynced':
      tally.resyncs += 1;
      if (feeds !== undefined) {
        feeds.resyncs += 1;
        feeds.refused = undefined;
      }
      break;
    case 'subscribed':
      if (feeds !== undefined) Object.assign(feeds, { acknowledged: true, refused: undefined });
      break;
    case 'refused':
      tally.refusals += 1;
      if (feeds !== undefined) feeds.refused = event.detail ?? '';
      break;
    case 'unknown': case 'unsubscribed': break;
  }
}
