/** What has to be known of a capture before its first frame is played. */
import type { CapturedConnection } from '@deepwater/captures';
import { DepthsSeen } from './book-depths.js';
import { captureEvents } from './capture-events.js';
import { WantedSeen, exchangeOfAddress } from './symbols.js';
import type { SourceFile } from '../unpack/source-file.js';

export interface CaptureFacts {
  /** The exchange, as the first address tells it; undefined where none does. */
  readonly market: string | undefined;
  /** The first address, or ''. */
  readonly address: string;
  /** What its frames are of, by connection. */
  readonly wanted: readonly WantedSeen[];
  /** Of Binance: its trades are aggregated ones alone. They are a source of their own, whose feeds single trades do not go into. */
  readonly aggregated: boolean;
  readonly depths: DepthsSeen;
  /** When its first frame or reply came. */
  readonly firstUs: number;
  /** Names of the connections that may have been open before. */
  readonly continued: ReadonlySet<string>;
  /** Whether a file behind it may go on with a connection of this one. */
  readonly leaves: boolean;
}

/** Whether a file behind the one that tells of the connection may go on with it. */
export const mayGoOn = ({ name, continued }: CapturedConnection): boolean => continued || name !== '';

/**
 * Goes through all of the file.
 * @param given the exchange, where it is known
 * @param told bytes that were read since the last call
 * @param signal ends it early, with what it has seen by then
 * @throws DeepwaterError DW_IMPORT_LAYOUT, DW_IMPORT_UNREADABLE
 */
export async function captureFacts(file: SourceFile, given: string | undefined, told: (bytes: number) => void, signal: AbortSignal | undefined): Promise<CaptureFacts> {
  const before = file.bytesRead;
  let bytes = before;
  let address = '';
  let market = given;
  let missed = false;
  let firstUs = Infinity;
  const trades = new Set<string>();
  const continued = new Set<string>();
  let leaves = false;
  const wanted: WantedSeen[] = [];
  const depths = new DepthsSeen();
  for await (const event of captureEvents(file)) {
    if (signal?.aborted === true) break;
    if (file.bytesRead > bytes) {
      told(file.bytesRead - bytes);
      bytes = file.bytesRead;
    }
    if (event.kind === 'connection') {
      const { connection } = event;
      if (connection.continued) continued.add(connection.name);
      leaves ||= mayGoOn(connection);
      if (address !== '' || connection.address === '') continue;
      ({ address } = connection);
      market ??= exchangeOfAddress(address);
    } else if (event.kind === 'reply') firstUs = Math.min(firstUs, event.reply.us);
    else if (event.kind === 'frame') {
      const { us, text, connection } = event.frame;
      firstUs = Math.min(firstUs, us);
      if (market === undefined) missed = true;
      else (wanted[connection] ??= new WantedSeen(market)).take(text);
      if (market?.startsWith('bybit') === true) depths.take(text);
      if (trades.size < 2) for (const kind of ['trade', 'aggTrade']) if (text.includes(`"e":"${kind}"`)) trades.add(kind);
    }
  }
  file.bytesRead = before;
  // Its address came behind its first frames: now it is known how to look at them.
  if (missed && market !== undefined) return captureFacts(file, market, told, signal);
  return { market, address, wanted, aggregated: trades.has('aggTrade') && !trades.has('trade'), depths, firstUs: firstUs === Infinity ? 0 : firstUs, continued, leaves };
}
