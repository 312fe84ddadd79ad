/**
 * Large `columns` results without a copy. The columns of several chunks are put side by side in one reserved range of
 * addresses: whole pages of a chunk's column are mapped there from its file, privately, and what is left at the edges
 * (less than a page at either end of a run), and rows from the ring, are copied in between. It works out where the rows
 * of a chunk fill whole pages, which those of a full chunk do; what does not is copied.
 *
 *       result   |..aaaaaaaaaaaa|bbbbbbbbbbbbbbbb|cccccccc.rr|
 *                   chunk 1      chunk 2          chunk 3  ring
 *
 * A copy must touch every page twice, and fresh memory at that; a mapping costs microseconds a chunk. Committed rows
 * never change, so the result reads as a copy would, and stores to it stay in it.
 */
import {
  DeepwaterError, type Field, MAPPING_BYTES_MAX, PAGE_BYTES, SECTION_BYTES, alignUp, closeFile, placeFile, reserveAddressSpace,
} from '@deepwater/core/engine';
import type { FeedFiles } from './feed-files.js';
import { OpenChunk } from './open-chunk.js';
import { closePiece, countRows, openPiece } from './piece-source.js';
import { openPrivate } from './private-rows.js';
import { type ColumnArray, type RowSource, columnOver } from './row-source.js';
import type { Piece } from './select.js';
import type { Steps } from './slices.js';

/** Smaller results are copied: that is faster, and leaves no mapping behind. */
const RESULT_BYTES_MIN = 256 * 1024;
/** Shorter runs are copied, too. */
const RUN_BYTES_MIN = 64 * 1024;
/** The kernel allows a process 65,530 by default. */
const MAPPINGS_MAX = 4096;
const COPY_STEP_BYTES = 256 * 1024;

/** Whether a result is worth mapping, and can be. */
export function canMap(pieces: readonly Piece[], fields: readonly Field[]): boolean {
  const rows = countRows(pieces);
  const bytes = fields.reduce((sum, field) => sum + rows * field.width, 0);
  const runs = pieces.reduce((sum, piece) => sum + piece.runs.length / 2, 0);
  // A section more for each column: they begin at borders, and not at the first byte.
  return bytes >= RESULT_BYTES_MIN && runs * fields.length <= MAPPINGS_MAX && bytes / runs / fields.length >= RUN_BYTES_MIN / 4 &&
    bytes + 2 * SECTION_BYTES * fields.length <= MAPPING_BYTES_MAX;
}

/** One typed array a field. Ask `canMap` first. */
export function* mapColumns(files: FeedFiles, pieces: readonly Piece[], fields: readonly Field[]): Steps<Record<string, ColumnArray>> {
  const rows = countRows(pieces);
  const firstRow = 'block' in (pieces[0] as Piece) ? 0 : pieces[0]?.runs[0] as number;
  const starts: number[] = [];
  let end = 0;
  for (const { width } of fields) {
    // A column begins as far into a page as its first row does in the file.
    const start = alignUp(end, SECTION_BYTES) + ((firstRow * width) % PAGE_BYTES);
    starts.push(start);
    end = start + rows * width;
  }
  const { buffer } = reserveAddressSpace(end, `a range of feed ${files.source.spec.name}`);
  const target = new Uint8Array(buffer);
  let done = 0;
  for (const piece of pieces) {
    const source = openPiece(files, piece);
    if (source === undefined) continue;
    const fd = source instanceof OpenChunk ? openPrivate(source) : -1;
    try {
      for (let r = 0; r < piece.runs.length; r += 2) {
        const from = piece.runs[r] as number;
        const to = piece.runs[r + 1] as number;
        for (let k = 0; k < fields.length; k++) {
          const { width, index } = fields[k] as Field;
          yield* putRun(target, (starts[k] as number) + done * width, source, (source.columnOffsets[index] as number) + from * width, (to - from) * width, fd);
        }
        done += to - from;
      }
    } finally {
      if (fd >= 0) closeFile(fd);
      closePiece(piece);
    }
    yield;
  }
  return Object.fromEntries(fields.map((field, k) => [field.name, columnOver(field, buffer, starts[k] as number, done)]));
}

/** Brings `length` bytes of a source to `at`: whole pages by mapping, where they lie alike, and the rest by copying. */
function* putRun(target: Uint8Array, at: number, source: RowSource, offset: number, length: number, fd: number): Steps<void> {
  const first = alignUp(at, PAGE_BYTES);
  const last = Math.floor((at + length) / PAGE_BYTES) * PAGE_BYTES;
  const alike = (at - offset) % PAGE_BYTES === 0;
  if (fd < 0 || !alike || length < RUN_BYTES_MIN || !place(target, first, fd, offset + first - at, last - first)) {
    yield* copy(target, at, source, offset, length);
    return;
  }
  yield* copy(target, at, source, offset, first - at);
  yield* copy(target, last, source, offset + last - at, at + length - last);
}

function place(target: Uint8Array, at: number, fd: number, offset: number, length: number): boolean {
  try {
    placeFile(target, at, fd, offset, length, 'private', 'a chunk');
    return true;
  } catch (error) {
    // Out of mappings, most likely: the anonymous pages are still there to be copied to.
    if (DeepwaterError.isDeepwaterError(error)) return false;
    throw error;
  }
}

function* copy(target: Uint8Array, at: number, source: RowSource, offset: number, length: number): Steps<void> {
  for (let done = 0; done < length; done += COPY_STEP_BYTES) {
    const step = Math.min(COPY_STEP_BYTES, length - done);
    target.set(new Uint8Array(source.buffer, offset + done, step), at + done);
    if (step === COPY_STEP_BYTES) yield;
  }
}
