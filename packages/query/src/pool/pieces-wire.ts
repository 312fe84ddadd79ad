/** Pieces on their way from a thread to whoever asked: where rows are, never the rows themselves; of the ring, the copy itself, handed over. */
import type { Cut } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import { RingBlock } from '../ring-block.js';
import { countRuns } from '../run-list.js';
import type { Piece } from '../select.js';

/** Numbers of one piece in `places`: of a chunk index, id, first sequence, from, to, sealed; of the ring the place in `blocks`; then how many run numbers. */
const PLACE = { INDEX: 0, CHUNK_ID: 1, FIRST_SEQUENCE: 2, FROM: 3, TO: 4, SEALED: 5, RUNS: 6, LENGTH: 7 } as const;
/** In place of a chunk's id, which is above 0. */
const IN_RING = -1;

export interface WireArrays {
  /** One array for all pieces: a thousand small objects cost more to copy than the search for them. */
  readonly places: Float64Array;
  readonly runs: Int32Array;
  readonly blocks: readonly { readonly buffer: ArrayBuffer; readonly columnOffsets: readonly number[]; readonly capacityRows: number; readonly firstSequence: number }[];
}

/** A few pieces are one flat list: places, then runs. Such a message takes a third of the time of one with objects and typed arrays in it. */
export type WirePieces = WireArrays | readonly number[];

/** Numbers of the longest flat list. */
const FLAT_MAX = 64;

export function toWire(found: readonly Piece[]): { wire: WirePieces; transfer: ArrayBuffer[] } {
  const places = new Float64Array(found.length * PLACE.LENGTH);
  const runs = new Int32Array(found.reduce((sum, piece) => sum + piece.runs.length, 0));
  const blocks: WireArrays['blocks'][number][] = [];
  let at = 0;
  found.forEach((piece, p) => {
    if ('block' in piece) {
      const { buffer, columnOffsets, capacityRows, firstSequence } = piece.block;
      places.set([blocks.length, IN_RING], p * PLACE.LENGTH);
      blocks.push({ buffer, columnOffsets, capacityRows, firstSequence });
    } else {
      const { index, chunkId, firstSequence, from, to, sealed } = piece.ref;
      places.set([index, chunkId, firstSequence, from, to, sealed ? 1 : 0], p * PLACE.LENGTH);
    }
    places[p * PLACE.LENGTH + PLACE.RUNS] = piece.runs.length;
    runs.set(piece.runs, at);
    at += piece.runs.length;
  });
  if (blocks.length === 0 && places.length + runs.length < FLAT_MAX) return { wire: [found.length, ...places, ...runs], transfer: [] };
  return { wire: { places, runs, blocks }, transfer: blocks.map(({ buffer }) => buffer) };
}

/**
 * The pieces again, in this thread.
 * @param cut of this thread's own catalog
 * @returns undefined where that catalog has other entries than the thread's had: it was made again in the meantime
 */
export function fromWire(files: FeedFiles, cut: Cut, wire: WirePieces): Piece[] | undefined {
  const { places, runs, blocks } = isFlat(wire) ? arraysOf(wire) : wire;
  const pieces: Piece[] = [];
  let at = 0;
  for (let p = 0; p < places.length; p += PLACE.LENGTH) {
    const number = (word: number): number => places[p + word] as number;
    const pairs = runs.subarray(at, (at += number(PLACE.RUNS)));
    const rows = countRuns(pairs);
    if (number(PLACE.CHUNK_ID) === IN_RING) {
      const { buffer, columnOffsets, capacityRows, firstSequence } = blocks[number(PLACE.INDEX)] as WireArrays['blocks'][number];
      pieces.push({ block: new RingBlock(buffer, columnOffsets, capacityRows, firstSequence), runs: pairs, rows });
      continue;
    }
    const index = number(PLACE.INDEX);
    const chunkId = number(PLACE.CHUNK_ID);
    const firstSequence = number(PLACE.FIRST_SEQUENCE);
    const { catalog } = cut;
    if (catalog === undefined || index >= catalog.room || catalog.chunkId(index) !== chunkId || catalog.firstSequence(index) !== firstSequence) return undefined;
    pieces.push({
      cut, runs: pairs, rows,
      ref: { index, chunkId, path: files.chunk(chunkId), firstSequence, from: number(PLACE.FROM), to: number(PLACE.TO), sealed: number(PLACE.SEALED) === 1 },
    });
  }
  return pieces;
}

const isFlat = (wire: WirePieces): wire is readonly number[] => Array.isArray(wire);

function arraysOf(flat: readonly number[]): { places: readonly number[]; runs: Int32Array; blocks: WireArrays['blocks'] } {
  const runsAt = 1 + (flat[0] as number) * PLACE.LENGTH;
  return { places: flat.slice(1, runsAt), runs: Int32Array.from(flat.slice(runsAt)), blocks: [] };
}
