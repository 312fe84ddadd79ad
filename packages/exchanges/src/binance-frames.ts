import type { Channel } from './exchange.js';

/** A frame of Binance's combined streams, or a reply; nothing of it is checked yet. */
export interface BinanceFrame extends BinanceData {
  readonly stream?: unknown;
  readonly data?: unknown;
  readonly result?: unknown;
  readonly id?: unknown;
  readonly code?: unknown;
  readonly msg?: unknown;
  readonly error?: unknown;
}

/** The fields of all kinds of data, named as on the wire. */
export interface BinanceData {
  readonly e?: unknown; readonly E?: unknown; readonly T?: unknown; readonly s?: unknown;
  readonly t?: unknown; readonly p?: unknown; readonly q?: unknown; readonly m?: unknown;
  readonly U?: unknown; readonly u?: unknown; readonly pu?: unknown;
  readonly b?: unknown; readonly B?: unknown; readonly a?: unknown; readonly A?: unknown;
}

export interface Stream {
  readonly name: string;
  readonly symbol: string;
  readonly channel: Channel;
}

export interface Request {
  readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'LIST_SUBSCRIPTIONS';
  readonly streams: readonly Stream[];
}
