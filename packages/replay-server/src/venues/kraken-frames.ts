/** Frames of Kraken's first websocket API: objects with an event, and arrays of a channel's data. */
import type { LevelChange } from '../book/book.js';

export type KrakenLevel = readonly [price: string, volume: string, time: string, again?: 'r'];
export type KrakenTrade = readonly [price: string, volume: string, time: string, side: 'b' | 's', type: 'm' | 'l', misc: string];

export interface KrakenTicker {
  readonly a: readonly [price: string, wholeLots: number, volume: string];
  readonly b: readonly [price: string, wholeLots: number, volume: string];
  readonly c: readonly [price: string, volume: string];
  readonly v: readonly [today: string, day: string];
  readonly p: readonly [today: string, day: string];
  readonly l: readonly [today: string, day: string];
  readonly h: readonly [today: string, day: string];
  readonly o: readonly [today: string, day: string];
}

/** What an array frame says. */
export type KrakenData =
  | { readonly kind: 'book'; readonly pair: string; readonly name: string; readonly id: number; readonly snapshot: boolean; readonly bids: readonly KrakenLevel[]; readonly asks: readonly KrakenLevel[]; readonly checksum: string | undefined }
  | { readonly kind: 'trade'; readonly pair: string; readonly name: string; readonly id: number; readonly trades: readonly KrakenTrade[] }
  | { readonly kind: 'ticker'; readonly pair: string; readonly name: string; readonly id: number; readonly ticker: KrakenTicker };

interface BookPart {
  readonly a?: readonly KrakenLevel[];
  readonly b?: readonly KrakenLevel[];
  readonly as?: readonly KrakenLevel[];
  readonly bs?: readonly KrakenLevel[];
  readonly c?: string;
}

/** `[id, part, …, name, pair]`: an update of both sides of a book has two parts. undefined for channels that are not played. */
export function krakenData(frame: readonly unknown[]): KrakenData | undefined {
  const id = frame[0] as number;
  const name = frame[frame.length - 2] as string;
  const pair = frame[frame.length - 1] as string;
  if (name === 'trade') return { kind: 'trade', pair, name, id, trades: frame[1] as readonly KrakenTrade[] };
  if (name === 'ticker') return { kind: 'ticker', pair, name, id, ticker: frame[1] as KrakenTicker };
  if (!name.startsWith('book-')) return undefined;
  const parts = frame.slice(1, -2) as readonly BookPart[];
  const all = (side: (part: BookPart) => readonly KrakenLevel[] | undefined): readonly KrakenLevel[] => parts.flatMap((part) => side(part) ?? []);
  const snapshot = parts.some((part) => part.as !== undefined || part.bs !== undefined);
  return {
    kind: 'book', pair, name, id, snapshot,
    bids: all((part) => (snapshot ? part.bs : part.b)), asks: all((part) => (snapshot ? part.as : part.a)),
    checksum: parts.find(({ c }) => c !== undefined)?.c,
  };
}

export const changesOf = (levels: readonly KrakenLevel[]): readonly LevelChange[] => levels.map(([price, volume, time]) => [price, volume, time]);
