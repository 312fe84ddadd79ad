import type { BlockDescriptor, ChunkGeometry, ChunkSeal, ClockRange } from '@deepwater/core';

/** Rows [from, to) of a chunk, whose blocks are in the same state. */
export interface RowRun {
  readonly state: 'intact' | 'mended' | 'damaged';
  readonly blocks: number;
  readonly from: number;
  readonly to: number;
}

/** What is wrong with a chunk; rows [from, to) are affected, all behind `from` where `to` is Infinity. */
export interface ChunkFlaw {
  readonly what: string;
  readonly lost: boolean;
  readonly from: number;
  readonly to: number;
  readonly range?: ClockRange | undefined;
  readonly bytes?: number;
}

export interface LookedChunk {
  readonly id: number;
  readonly path: string;
  readonly geometry: ChunkGeometry;
  readonly first: number;
  readonly epoch: number;
  readonly gapBefore: number;
  readonly createdUs: number;
  readonly activatedUs: number;
  readonly bootId: string;
  /** Rows that are there, of those that it had; those between are lost. */
  readonly rows: number;
  readonly had: number;
  /** It may have had more, and nothing tells how many. */
  readonly endUnknown: boolean;
  /** It is sealed, or was: with these facts, but for the blocks that are damaged. */
  readonly seal: ChunkSeal | undefined;
  readonly runs: readonly RowRun[];
  /** Descriptors of the blocks that hold or were proven. */
  readonly blocks: readonly (BlockDescriptor | undefined)[];
  readonly flaws: readonly ChunkFlaw[];
  /** The front as it has to be; undefined where it is. */
  readonly front: Buffer | undefined;
  /** Bytes that the file lacks. */
  readonly short: boolean;
  /** The greatest code in rows that hold, by field of symbols. */
  readonly codes: ReadonlyMap<number, number>;
}

export type ChunkLook =
  | { readonly is: 'chunk'; readonly chunk: LookedChunk }
  /** Made ahead and never used; a chunk of another feed or none at all; of a later version; one whose place in the sequence nothing tells. */
  | { readonly is: 'unused' }
  | {
    readonly is: 'foreign' | 'newer' | 'unknown';
    readonly why: string;
    /** The number of its first record, where that is known though the records are not. */
    readonly first?: number;
    /** Nothing of its front was ever on the device. */
    readonly zeros?: boolean;
  };

/** Where a chunk stands in the sequence; `mended`: something else tells. */
export interface Place {
  readonly first: number;
  readonly epoch: number;
  readonly gapBefore: number;
  readonly activatedUs: number;
  readonly mended: boolean;
}
