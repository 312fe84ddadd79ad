/** What both forms of a stream do: find the next rows, and give them in the form that was asked for. */
import { DeepwaterError, type Schema } from '@deepwater/core/engine';
import { type Ring, RingTaker } from '@deepwater/ring';
import { collectColumns, collectRecords } from '../collect.js';
import { objectDecoder } from '../decode-object.js';
import { tupleDecoder } from '../decode-tuple.js';
import type { DecodeHelpers, RowDecoder } from '../decode-values.js';
import { FeedFiles } from '../feed-files.js';
import { type Request, checkKeys, countOf, parseOptions } from '../options.js';
import { sequenceOf } from '../piece-source.js';
import type { ReaderSource } from '../reader-source.js';
import { type RingBlock, RING_PIECE_ROWS, gatherBlock } from '../ring-block.js';
import { type Segment, segmentOf } from '../segment.js';
import { pieceSegments } from '../segments.js';
import type { Piece } from '../select.js';
import { runNow } from '../slices.js';
import { lossOf } from './follow-options.js';
import { STEP } from './follow-step.js';
import { Follower } from './follower.js';
import { beginningOf } from './playback.js';

/** Everything a stream needs of its reader. */
export interface StreamContext {
  readonly source: ReaderSource;
  readonly schema: Schema;
  readonly helpers: DecodeHelpers;
  /** Throws where the reader has been closed. */
  readonly check: () => void;
}

export const STREAM_KEYS = ['start', 'fromSequence', 'playback', 'format', 'columns', 'marks', 'batchRows', 'signal', 'onLoss'] as const;

/** Records that are made at once. */
const RECORDS_AT_ONCE = 1024;
/** Smaller batches are copied out of their chunk: a mapping for each would cost more. */
const MAPPED_BYTES_MIN = 64 * 1024;

export class StreamFeed {
  readonly follower: Follower;
  readonly #files: FeedFiles;
  readonly #request: Request;
  readonly #decoder: RowDecoder | undefined;
  readonly #batchRows: number;
  #block: RingBlock | undefined;
  #piece: Piece | undefined;

  /** @param keys the options that the caller takes. @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID, DW_FORMAT_UNKNOWN, DW_FIELD_UNKNOWN */
  constructor(private readonly context: StreamContext, options: unknown, keys: readonly string[]) {
    const { schema, source } = context;
    const given = checkKeys(options, keys);
    const request = parseOptions(schema, { format: given['format'], columns: given['columns'], marks: given['marks'] }, ['format', 'columns', 'marks']);
    const { format, fields } = request;
    if (format === 'raw' || format === 'segments' || format === 'arrow') {
      throw new DeepwaterError('DW_FORMAT_UNKNOWN', `A stream gives tuple, object or columns, not ${format}. With columns each batch is a segment.`, { values: { format } });
    }
    const onLoss = lossOf(given['onLoss']);
    this.#batchRows = countOf('batchRows', given['batchRows'], 1) ?? Infinity;
    this.#request = request;
    this.#decoder = format === 'tuple' ? tupleDecoder(fields) : format === 'object' ? objectDecoder(fields) : undefined;
    this.#files = new FeedFiles(source, schema);
    this.follower = this.#files.forFollower(() => new Follower(this.#files, {
      ...beginningOf(this.#files, given), fields, scattered: true, ...(onLoss === undefined ? {} : { onLoss }),
      taker: (ring) => new BlockTaker(ring, (from, to) => { this.#block = gatherBlock(ring, schema, fields, from, to); }),
    }));
  }

  /** What there is now: records, or batches; empty where there is nothing new. @param looks as for Follower.step. @throws DeepwaterError as Follower.step */
  read(looks = 1): unknown[] {
    this.context.check();
    const decoder = this.#decoder;
    const { follower } = this;
    const max = decoder === undefined ? this.#batchRows : RECORDS_AT_ONCE;
    const step = follower.step(max, Math.min(max, RING_PIECE_ROWS), looks);
    if (step === STEP.NOTHING) return [];
    const piece: Piece = step === STEP.COLUMNS ? follower.piece as Piece : { block: this.#block as RingBlock, runs: Int32Array.of(0, follower.rows), rows: follower.rows };
    this.#piece = piece;
    if (decoder !== undefined) return runNow(collectRecords(this.#files, [piece], this.#request.fields, decoder, this.context.helpers));
    return this.#batches(piece);
  }

  /**
   * Sequence number of the next item to be given out.
   * @param items what `read` gave last, of which the first `given` have been given out
   */
  position(items: readonly unknown[], given: number): number {
    const piece = this.#piece;
    if (given >= items.length || piece === undefined) return this.follower.next;
    if (this.#decoder === undefined) return (items[given] as Segment).firstSequence;
    const { runs } = piece;
    for (let r = 0, left = given; r < runs.length; r += 2) {
      const row = (runs[r] as number) + left;
      if (row < (runs[r + 1] as number)) return sequenceOf(piece, row);
      left = row - (runs[r + 1] as number);
    }
    return this.follower.next;
  }

  close(): void {
    this.#block = undefined;
    this.#piece = undefined;
    this.follower.close();
  }

  #batches(piece: Piece): unknown[] {
    const { fields } = this.#request;
    const bytes = fields.reduce((sum, { width }) => sum + width * piece.rows, 0);
    if ('block' in piece || bytes >= MAPPED_BYTES_MIN) return runNow(pieceSegments(this.#files, piece, fields, Infinity));
    return [segmentOf(runNow(collectColumns(this.#files, [piece], fields)), piece.rows, sequenceOf(piece, piece.runs[0] as number))];
  }
}

/** Takes rows of the ring as columns. */
class BlockTaker extends RingTaker {
  constructor(ring: Ring, override readonly copy: (from: number, to: number) => void) {
    super(ring);
  }
}
