/** What readers have done in the pool's threads. */
import type { Field } from '@deepwater/core/engine';
import { type Found, type Newest, greatestUpTo, newestUpTo } from '../newest.js';
import type { Piece } from '../select.js';
import { type WirePieces, toWire } from './pieces-wire.js';
import { type ScanAnswer, type ScanPayload, scanPart } from './scan-part.js';
import type { TaskHelper } from './task-control.js';
import { handOver } from './task-result.js';
import { touchPiece } from './touch.js';
import { type WorkerFeed, feedOf, forgetFeed } from './worker-feeds.js';

export { aggregateRows } from './aggregate-task.js';
export { makeBars } from './bars-task.js';

export interface FindPayload extends ScanPayload {
  /** Bring the pages of the columns into memory. */
  readonly touch: boolean;
}

/** Finds rows: where they are, and the copies of those that are in the ring. Afterwards nobody has to wait for the disk to read them. */
export function findRows(payload: FindPayload, helper: TaskHelper): ScanAnswer<WirePieces> {
  let transfer: ArrayBuffer[] = [];
  const answer = scanPart(payload, helper, ({ feed, fields }, found) => {
    const pieces: Piece[] = [];
    for (const piece of found) {
      if (payload.touch) touchPiece(feed, piece, fields);
      pieces.push(piece);
    }
    loadSymbols(feed, fields);
    const sent = toWire(pieces);
    transfer = sent.transfer;
    return sent.wire;
  });
  return transfer.length === 0 ? answer : handOver(answer, transfer);
}

/** Counts rows. */
export function countRows(payload: ScanPayload, helper: TaskHelper): ScanAnswer<number> {
  return scanPart(payload, helper, (_scan, found) => {
    let rows = 0;
    for (const piece of found) rows += piece.rows;
    return rows;
  });
}

export interface TimePayload {
  readonly source: string;
  readonly head?: number | undefined;
  readonly clockIndex: number;
  readonly limit: bigint;
}

/** The newest record on a clock, as `latest` takes it. */
export function newestRow({ source, head, clockIndex, limit }: TimePayload): { newest: Newest | undefined; head: number } {
  const { cut, newest } = newestUpTo(feedOf(source).files, clockIndex, limit, head);
  return { newest, head: cut.head };
}

/** The record with the greatest time up to a limit. */
export function greatestRow({ source, head, clockIndex, limit }: TimePayload): { found: Found | undefined; head: number } {
  const { cut, found } = greatestUpTo(feedOf(source).files, clockIndex, limit, head);
  return { found, head: cut.head };
}

/** Lets go of a feed. */
export function forget({ source }: { readonly source: string }): void {
  forgetFeed(source);
}

/** The symbols' file is read by whoever decodes; once here, it is in memory. What is added later is there anyway, having just been written. */
function loadSymbols({ helpers: { symbols } }: WorkerFeed, fields: readonly Field[]): void {
  if (fields.some(({ type, index }) => type === 'symbol' && symbols.texts(index).length === 0)) symbols.reload();
}
