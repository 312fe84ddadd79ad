/** Books of Tardis as records of a book: changes with the ends of their messages, and ladders level by level. */
import type { FeedSpecInput } from '@deepwater/core';
import { BOOK_FLAGS } from '@deepwater/exchanges';
import { type Columns, makeColumns } from '../cells/column-set.js';
import { cellWriter } from '../cells/cell-writers.js';
import { ROWS_MAX } from '../csv/kernel.js';
import type { Batch, Target } from '../import/batch.js';

const CLOCKS = [{ name: 'ts', type: 'uint64' }, { name: 'recv', type: 'uint64' }] as const;
/** The columns of incremental_book_L2 as they are parsed. */
export const DELTA_SPEC: FeedSpecInput = {
  name: 'deltas', timestamp: 'ts', clocks: ['recv'],
  fields: [...CLOCKS, { name: 'snapshot', type: 'bool' }, { name: 'side', type: 'char' }, { name: 'price', type: 'decimal', scale: 8 }, { name: 'size', type: 'decimal', scale: 8 }],
};
/** The columns of book_snapshot_N: levels that there are not have -1. */
export const LADDER_SPEC = (names: readonly string[]): FeedSpecInput => ({
  name: 'ladder', timestamp: 'ts', clocks: ['recv'],
  fields: [...CLOCKS, ...names.filter((name) => /^(asks|bids)\[\d+\]\.(price|amount)$/.test(name)).map((name) => ({ name: name.replace(/\W+/g, '_'), type: 'decimal', scale: 8 } as const))],
});

const SCALE = 8;

/** Records of a book, gathered into batches. */
class BookRows {
  #columns!: Columns;
  #put!: (ts: bigint, recv: bigint, side: number, flags: number, price: bigint, size: bigint) => void;
  #rows = 0;
  #marks: number[] = [];
  #target: Target | undefined;

  begin(target: Target): void {
    if (this.#target === target) return;
    this.#target = target;
    const { fields } = target;
    this.#columns = makeColumns(fields, ROWS_MAX);
    const column = (name: string) => this.#columns[name] as BigInt64Array | undefined;
    const ts = column('ts');
    const recv = column('recv');
    const side = column('side') as unknown as Uint8Array | undefined;
    const flags = column('flags') as unknown as Uint8Array | undefined;
    const [price, size] = ['price', 'size'].map((name) => {
      const field = fields.find((each) => each.name === name);
      if (field === undefined) return undefined;
      if (field.type === 'decimal' && field.scale === SCALE) {
        const cells = column(name)!;
        return (value: bigint, row: number) => { cells[row] = value; };
      }
      const write = cellWriter(field, this.#columns[name]!);
      return (value: bigint, row: number) => { write(decimalText(value), row); };
    });
    this.#put = (tsValue, recvValue, sideValue, flagsValue, priceValue, sizeValue) => {
      const row = this.#rows++;
      if (ts !== undefined) ts[row] = tsValue;
      if (recv !== undefined) recv[row] = recvValue;
      if (side !== undefined) side[row] = sideValue;
      if (flags !== undefined) flags[row] = flagsValue;
      price?.(priceValue, row);
      size?.(sizeValue, row);
    };
  }

  get full(): boolean { return this.#rows === ROWS_MAX; }

  add(ts: bigint, recv: bigint, side: number, flags: number, price: bigint, size: bigint, mark: boolean): void {
    if (mark && this.#target!.spec.mode === 'IF') this.#marks.push(this.#rows);
    this.#put(ts, recv, side, flags, price, size);
  }

  *flush(): Generator<Batch, void, void> {
    const rows = this.#rows;
    if (rows === 0) return;
    const marks = this.#marks;
    this.#rows = 0;
    this.#marks = [];
    yield { target: this.#target!, rows, columns: this.#columns, marks };
  }
}

function decimalText(value: bigint): string {
  const digits = value.toString().replace('-', '').padStart(SCALE + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`;
}

interface Delta { readonly ts: bigint; readonly recv: bigint; readonly side: number; readonly snapshot: boolean; readonly price: bigint; readonly size: bigint; readonly mark: boolean }

/**
 * incremental_book_L2: rows with one receive time are one message, so the last record of a message is known when the row behind it is seen. A snapshot begins where
 * `is_snapshot` does, or with another message of snapshot rows.
 */
export class BookDeltas {
  readonly #out = new BookRows();
  #target: Target | undefined;
  #waits: Delta | undefined;

  *take(target: Target, columns: Columns, rows: number): Generator<Batch, void, void> {
    if (target !== this.#target) {
      yield* this.end();
      this.#target = target;
      this.#out.begin(target);
    }
    const [ts, recv, price, size] = ['ts', 'recv', 'price', 'size'].map((name) => columns[name] as BigInt64Array) as [BigInt64Array, BigInt64Array, BigInt64Array, BigInt64Array];
    const side = columns['side'] as Uint8Array;
    const snapshots = columns['snapshot'] as Uint8Array;
    for (let row = 0; row < rows; row++) {
      const before = this.#waits;
      const received = recv[row]!;
      const snapshot = snapshots[row] === 1;
      const begins = before === undefined || before.recv !== received;
      const mark = snapshot && (before === undefined || begins || !before.snapshot);
      if (before !== undefined) yield* this.#add(before, begins || mark);
      this.#waits = { ts: ts[row]!, recv: received, side: side[row]!, snapshot, price: price[row]!, size: size[row]!, mark };
    }
  }

  *end(): Generator<Batch, void, void> {
    if (this.#waits !== undefined) yield* this.#add(this.#waits, true);
    this.#waits = undefined;
    if (this.#target !== undefined) yield* this.#out.flush();
  }

  *#add({ ts, recv, side, snapshot, price, size, mark }: Delta, last: boolean): Generator<Batch, void, void> {
    this.#out.add(ts, recv, side, (snapshot ? BOOK_FLAGS.SNAPSHOT : 0) | (last ? BOOK_FLAGS.LAST : 0), price, size, mark);
    if (this.#out.full) yield* this.#out.flush();
  }
}

const BID = 66;
const ASK = 65;

/** book_snapshot_N: each row is a whole book, best prices first. A row without any level gives no record. */
export function* ladderLevels(target: Target, columns: Columns, rows: number, names: readonly string[]): Generator<Batch, void, void> {
  const out = new BookRows();
  out.begin(target);
  const depth = names.filter((name) => name.startsWith('bids[') && name.endsWith('.price')).length;
  const column = (side: string, level: number, what: string): BigInt64Array => columns[`${side}_${level}_${what}`] as BigInt64Array;
  const levels = (['bids', 'asks'] as const).flatMap((side) =>
    Array.from({ length: depth }, (_, level) => ({ side: side === 'bids' ? BID : ASK, price: column(side, level, 'price'), size: column(side, level, 'amount') })));
  const [ts, recv] = [columns['ts'] as BigUint64Array, columns['recv'] as BigUint64Array];
  for (let row = 0; row < rows; row++) {
    const there = levels.filter(({ price, size }) => price[row]! >= 0n && size[row]! >= 0n);
    for (const [n, { side, price, size }] of there.entries()) {
      const last = n === there.length - 1;
      out.add(ts[row]!, recv[row]!, side, BOOK_FLAGS.SNAPSHOT | (last ? BOOK_FLAGS.LAST : 0), price[row]!, size[row]!, n === 0);
      if (out.full) yield* out.flush();
    }
  }
  yield* out.flush();
}
