/** What readers of files give: records for feeds, in columns. */
import type { FeedSpecInput, Field } from '@deepwater/core';
import type { Columns } from '../cells/column-set.js';

/** A feed that records go to. */
export interface Target {
  readonly spec: FeedSpecInput & { readonly name: string };
  /** Its fields as they are, or will be, in the store. */
  readonly fields: readonly Field[];
}

export interface Batch {
  readonly target: Target;
  readonly rows: number;
  /** Used again for the next batch. */
  readonly columns: Columns;
  /** Rows that are index points, in order. */
  readonly marks?: readonly number[];
  /** Rows that begin a segment, in order. */
  readonly segments?: readonly SegmentMark[];
}

/** Between two records something happened: a disconnect, say. */
export interface SegmentMark {
  /** The record behind it; where there is none in the batch, how many rows it has. */
  readonly row: number;
  readonly reason: string;
}

/** A row that gives no record. */
export interface RejectedRow {
  readonly file: string;
  /** From 1; of formats without lines the number of the row. 0 where it is about no row alone. */
  readonly line: number;
  readonly reason: string;
}

/** What a reader is given besides its file. */
export interface ReadContext {
  /** Told of each row that gives no record. Throws DW_IMPORT_REJECTS where there were too many. */
  reject(line: number, reason: string, part?: string): void;
  /** What else there is to tell of the records: gaps of a capture, say. */
  note(text: string): void;
  /** The feed as it is, or as this spec makes it. @throws DeepwaterError DW_SPEC_INVALID and the like */
  target(spec: FeedSpecInput & { readonly name: string }): Target;
  /** Whether there is such a feed. */
  has(feedName: string): boolean;
}
