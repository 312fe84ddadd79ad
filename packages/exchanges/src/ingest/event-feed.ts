/**
 * What happened besides records, kept as data: a feed of events beside the feeds of an exchange. Whoever reads the records can know from it where
 * they have holes. What each field means is in docs/DATA.md.
 */
import { DeepwaterError, type FeedSpecInput, type Platform, type Writer } from 'deepwater';
import type { ConnectionEvent } from '../connection.js';
import { ownWriter } from './own-writer.js';

/** What is kept of an event. */
export interface RecordedEvent {
  readonly kind: ConnectionEvent['kind'] | 'started' | 'stopped' | 'bad' | 'failed';
  /** Of which connection; 0 for all. */
  readonly connection: number;
  readonly symbol?: string | undefined;
  readonly channel?: string | undefined;
  readonly expected?: number | undefined;
  readonly found?: number | undefined;
  /** When the last frame before it came, µs; 0 where there was none. */
  readonly sinceUs?: number | undefined;
  readonly detail?: string | undefined;
}

const DETAIL_BYTES = 160;
/** Processes that can ingest from one exchange into one store at the same time. */
const FEEDS_MAX = 64;

export function eventFeedSpec(name: string, source: { readonly name: string; readonly market: string }): FeedSpecInput {
  const number = (field: string, desc: string) => ({ name: field, type: 'uint64', as: 'number', desc } as const);
  return {
    name,
    fields: [
      { name: 'ts', type: 'uint64', desc: 'when it was noticed, by this machine' },
      { name: 'kind', type: 'symbol', desc: 'started, connected, subscribed, gap, resynced, checksum, refused, unknown, bad, failed, disconnected, unsubscribed, stopped' },
      { name: 'connection', type: 'uint32', desc: 'on which connection; 0: on all' },
      { name: 'symbol', type: 'symbol', desc: 'of what; empty: of everything on the connection' },
      { name: 'channel', type: 'symbol', desc: 'empty: of all channels' },
      number('expected', 'gap: the first number that is missing'), number('found', 'gap: the number that came instead; bad and unknown: how many so far'),
      number('since', 'when the last frame before it came; 0: there was none'),
      { name: 'detail', type: 'string', bytes: DETAIL_BYTES, desc: 'in words' },
    ],
    timestamp: 'ts', retentionHours: 0, chunkSizeMb: 4, ringRecords: 4096,
    instrument: { exchange: source.name, market: source.market, tickType: 'event' },
  };
}

export class EventFeed {
  private constructor(readonly name: string, readonly writer: Writer) {}

  /** `<exchange>.events`, or `<exchange>.events-2` where another process writes that, and so on. @throws DeepwaterError as createFeed and createWriter do */
  static async open(platform: Platform, source: { readonly name: string; readonly market: string }): Promise<EventFeed> {
    for (let number = 1; ; number++) {
      const name = `${source.name}.events${number === 1 ? '' : `-${number}`}`;
      await platform.createFeed(eventFeedSpec(name, source));
      try {
        return new EventFeed(name, await ownWriter(platform, name));
      } catch (error) {
        if (number === FEEDS_MAX || !(DeepwaterError.isDeepwaterError(error) && error.code === 'DW_WRITER_EXISTS')) throw error;
      }
    }
  }

  write(us: number, event: RecordedEvent): void {
    const { kind, connection, symbol = '', channel = '', expected = 0, found = 0, sinceUs = 0, detail = '' } = event;
    this.writer.writeValues(us, kind, connection, symbol, channel, expected, found, sinceUs, cut(detail));
  }
}

/** As much of a text as the field holds, and never half a character. */
function cut(text: string): string {
  const bytes = Buffer.from(text.replaceAll('\0', ''), 'utf8');
  if (bytes.length <= DETAIL_BYTES) return bytes.toString('utf8');
  let end = DETAIL_BYTES;
  while (((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
