import type { Platform, Writer } from 'deepwater';
import type { Channel } from '../exchange.js';
import { type RecordFeedOptions, recordFeedName, recordFeedSpec } from '../records/record-feeds.js';
import type { Source } from '../source.js';
import { ownWriter } from './own-writer.js';
import { Rate } from './rate.js';

/** A feed that is written, and how far it was when the ingest began with it. */
export interface OpenFeed {
  readonly channel: Channel;
  readonly name: string;
  readonly writer: Writer;
  readonly from: number;
  readonly ringRecords: number;
  readonly rate: Rate;
}

/** The feeds of one symbol, made and opened for writing all together or not at all. */
export class SymbolFeeds {
  gaps = 0;
  resyncs = 0;
  bad = 0;
  /** The exchange has said that it sends it. */
  acknowledged = false;
  /** What the exchange said when it refused; undefined where it did not. */
  refused: string | undefined;
  /** Why nothing of it can be written for now; undefined where it can. */
  failure: string | undefined;

  /** @param lastTrade id of the newest trade that the feed had, where the source numbers them */
  private constructor(readonly symbol: string, public open: readonly OpenFeed[], readonly lastTrade: number | undefined) {}

  /** @throws DeepwaterError as createFeed and createWriter do; nothing is left open then */
  static async open(platform: Platform, source: Source, symbol: string, channels: readonly Channel[], options: RecordFeedOptions): Promise<SymbolFeeds> {
    const open: OpenFeed[] = [];
    let lastTrade: number | undefined;
    try {
      for (const channel of channels) {
        const name = recordFeedName(source, symbol, channel);
        await platform.createFeed(recordFeedSpec(source, symbol, channel, options));
        const writer = await ownWriter(platform, name);
        open.push({ channel, name, writer, from: writer.position, ringRecords: writer.ring.slotCount, rate: new Rate() });
        if (channel === 'trades' && source.tradeIds === 'number') lastTrade = await newestTrade(platform, name);
      }
    } catch (error) {
      await Promise.allSettled(open.map(({ writer }) => writer.close()));
      throw error;
    }
    return new SymbolFeeds(symbol, open, lastTrade);
  }

  get writers(): Partial<Record<Channel, Writer>> {
    return Object.fromEntries(this.open.map(({ channel, writer }) => [channel, writer]));
  }

  get records(): number {
    return this.open.reduce((sum, feed) => sum + recordsOf(feed), 0);
  }

  /** The records of a channel, or of all, were interrupted here. */
  mark(reason: string, channel?: Channel): void {
    for (const feed of this.open) if (channel === undefined || feed.channel === channel) feed.writer.markSegment({ reason });
  }

  /** As `mark`, of all feeds that can still be written. */
  markWhereItCan(reason: string): void {
    for (const { writer } of this.open) {
      try {
        writer.markSegment({ reason });
      } catch {
        // What is wrong with one of them is told already.
      }
    }
  }

  /** Writes into the same feeds again, after `close`. @throws DeepwaterError as createWriter does; nothing is left open then */
  async reopen(platform: Platform): Promise<void> {
    const open: OpenFeed[] = [];
    try {
      for (const feed of this.open) open.push({ ...feed, writer: await ownWriter(platform, feed.name) });
    } catch (error) {
      await Promise.allSettled(open.map(({ writer }) => writer.close()));
      throw error;
    }
    this.open = open;
    this.failure = undefined;
  }

  look(nowMs: number): void {
    for (const feed of this.open) feed.rate.look(recordsOf(feed), nowMs);
  }

  /** @throws DeepwaterError of the first that could not be closed; all have been tried */
  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.open.map(({ writer }) => writer.close()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** Records since the ingest began with the feed. */
export const recordsOf = ({ writer, from }: OpenFeed): number => writer.position - from;

/** Share of a feed's ring that waits for the disk. */
export const ringFill = ({ writer, ringRecords }: OpenFeed): number => (writer.position - writer.flushedPosition) / ringRecords;

/** What is missing since then is a gap, and where the exchange tells of recent trades, those that were missed are among them. */
async function newestTrade(platform: Platform, feed: string): Promise<number | undefined> {
  const reader = await platform.createReader(feed);
  const [trade] = await reader.last(1, { columns: ['id'] }) as [number][];
  return trade?.[0];
}
