/** Results that are copied: records as arrays or objects, typed arrays, packed records. */
import { DeepwaterError, type Field } from '@deepwater/core/engine';
import { packRows } from './decode-raw.js';
import { type DecodeHelpers, type RowDecoder, decodeColumn } from './decode-values.js';
import type { FeedFiles } from './feed-files.js';
import { closePiece, countRows, openPiece } from './piece-source.js';
import { type ColumnArray, type RowSource, columnOf, columnOver, elementsPerRow } from './row-source.js';
import type { Piece } from './select.js';
import type { Steps } from './slices.js';

/** Records that are made between two looks at the clock. */
const RECORDS_PER_STEP = 8192;
const BYTES_PER_STEP = 256 * 1024;
/** V8 keeps longer preallocated arrays as hash tables. */
const PREALLOCATED_MAX = 2 ** 25;
const RECORDS_MAX = 2 ** 27;

/** Walks the runs of all pieces in stretches of at most `stretch` rows, with a place to pause after each. */
function* walk<V>(
  files: FeedFiles, pieces: readonly Piece[], stretch: number, view: (source: RowSource) => V, visit: (view: V, from: number, to: number) => void,
): Steps<void> {
  let sincePause = 0;
  for (const piece of pieces) {
    const source = openPiece(files, piece);
    if (source === undefined) continue;
    try {
      const seen = view(source);
      const { runs } = piece;
      for (let r = 0; r < runs.length; r += 2) {
        const end = runs[r + 1] as number;
        for (let row = runs[r] as number; row < end; ) {
          const to = Math.min(end, row + stretch - sincePause);
          visit(seen, row, to);
          sincePause += to - row;
          row = to;
          if (sincePause >= stretch) {
            sincePause = 0;
            yield;
          }
        }
      }
    } finally {
      closePiece(piece);
    }
    // Small chunks cost time to open, too.
    yield;
  }
}

/** Tuples or objects, as the decoder makes them. */
export function* collectRecords(
  files: FeedFiles, pieces: readonly Piece[], fields: readonly Field[], decoder: RowDecoder, helpers: DecodeHelpers,
): Steps<unknown[]> {
  const rows = countRows(pieces);
  if (rows > RECORDS_MAX) throw tooLarge(`${rows} records`, rows, RECORDS_MAX);
  const out: unknown[] = rows <= PREALLOCATED_MAX ? new Array<unknown>(rows) : [];
  let at = 0;
  yield* walk(files, pieces, RECORDS_PER_STEP,
    (source) => fields.map((field) => decodeColumn(source, field)),
    (columns, from, to) => { at = decoder(out, at, columns, from, to, helpers); },
  );
  out.length = at;
  return out;
}

/** One array a field, each allocated once. */
export function* collectColumns(files: FeedFiles, pieces: readonly Piece[], fields: readonly Field[]): Steps<Record<string, ColumnArray>> {
  const rows = countRows(pieces);
  const targets = fields.map((field) => newColumn(field, rows));
  let at = 0;
  const rowBytes = fields.reduce((sum, { width }) => sum + width, 0);
  yield* walk(files, pieces, Math.max(1, Math.ceil(BYTES_PER_STEP / Math.max(1, rowBytes))),
    (source) => fields.map((field) => columnOf(source, field)),
    (columns, from, to) => {
      fields.forEach((field, k) => {
        const per = elementsPerRow(field);
        copyCells(targets[k] as ColumnArray, at * per, columns[k] as ColumnArray, from * per, to * per);
      });
      at += to - from;
    },
  );
  return Object.fromEntries(fields.map((field, k) => {
    const column = targets[k] as ColumnArray;
    return [field.name, at === rows ? column : column.subarray(0, at * elementsPerRow(field)) as ColumnArray];
  }));
}

/** Packed records. */
export function* collectRaw(files: FeedFiles, pieces: readonly Piece[]): Steps<Uint8Array> {
  const { schema } = files;
  const { recordSize } = schema.record;
  const rows = countRows(pieces);
  const target = allocate(rows * recordSize, () => new Uint8Array(rows * recordSize));
  let at = 0;
  yield* walk(files, pieces, Math.max(1, Math.ceil(BYTES_PER_STEP / recordSize)),
    (source) => source,
    (source, from, to) => {
      packRows(schema, source, from, to, target, at);
      at += to - from;
    },
  );
  return at === rows ? target : target.subarray(0, at * recordSize);
}

export function newColumn(field: Field, rows: number): ColumnArray {
  const bytes = rows * field.width;
  return allocate(bytes, () => columnOver(field, new ArrayBuffer(bytes), 0, rows));
}

/** `target.set(source.subarray(from, to), at)`, the pair being of one type. */
export function copyCells(target: ColumnArray, at: number, source: ColumnArray, from: number, to: number): void {
  (target as Uint8Array).set(source.subarray(from, to) as Uint8Array, at);
}

function allocate<T>(bytes: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw tooLarge(`${bytes} bytes`, bytes, undefined, cause);
  }
}

function tooLarge(what: string, size: number, limit?: number, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_LIMIT_EXCEEDED', `The result has ${what}, more than fits in memory at once. Ask for a shorter range or a limit, or go through it with batches().`, {
    values: { size, ...(limit === undefined ? {} : { limit }) }, cause,
  });
}
