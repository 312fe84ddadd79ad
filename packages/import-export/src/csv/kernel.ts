/**
 * The kernel of assembly/kernels.ts with a memory of its own:
 *
 *   0      state, powers of ten
 *   1024   the plan: an entry of 64 bytes for each column of the file, then the tables of enums
 *   64 Ki  text: what is left of the line before, and a block of the file
 *   …      columns, each with room for ROWS_MAX rows
 */
import { KERNELS_WASM_BASE64 } from '../generated/kernels.js';

/** What is done with a column of the file; the numbers are those of the kernel. */
export const OP = { SKIP: 0, DECIMAL: 1, CUT: 2, FLOAT: 3, ENUM: 4, CHAR: 5, TEXT: 6, SPAN: 7, DIVIDED: 8, ISO: 9, SAME: 10 } as const;
export type Op = (typeof OP)[keyof typeof OP];

/** Offsets in an entry of the plan. */
const PLAN = { BYTES: 64, OP: 0, END: 4, OUT: 8, WIDTH: 12, SCALE: 16, FLAGS: 20, ADD: 24, MIN: 32, MAX: 40, TABLE: 48, COUNT: 52, EMPTY: 56 } as const;
const STATE = { AT: 0, ROW: 4, BLANK: 8, POWERS: 64, FLOAT_POWERS: 64 + 19 * 8 } as const;
const PLAN_AT = 1024;
const TEXT_AT = 64 * 1024;
const PAGE_BYTES = 64 * 1024;
const MAY_BE_EMPTY = 1;
/** The longest name of an exchange or a symbol. */
const SAME_BYTES_MAX = 256;

/** Rows of a batch: columns of six fields fit into a second-level cache. */
export const ROWS_MAX = 16_384;
/** The longest line; what is longer is rejected. */
export const LINE_BYTES_MAX = 1 << 20;
/** A block of the file, and the end of the one before. */
const TEXT_BYTES = LINE_BYTES_MAX + (1 << 20) + 16;

export const PARSED = { DONE: 0, FULL: 1, ODD: 2 } as const;

/** A column of the file on the fast path. */
export interface PlanColumn {
  readonly op: Op;
  /** The character behind it: the delimiter, or a line feed. */
  readonly end: number;
  /** Bytes of a cell. */
  readonly width?: number;
  /** Digits behind the point that the cell has. */
  readonly scale?: number;
  readonly add?: bigint;
  readonly min?: bigint;
  readonly max?: bigint;
  /** What an empty field is; without it, lines with one are odd. */
  readonly empty?: bigint | undefined;
  readonly codes?: ReadonlyMap<string, number> | undefined;
}

interface Exports {
  parseLines(from: number, end: number, plan: number, columns: number, row: number, rowsMax: number): number;
}

let compiled: WebAssembly.Module | undefined;

export class LineKernel {
  readonly memory: WebAssembly.Memory;
  readonly text: Buffer;
  /** Where the cells of each column of the file go, by its place; of columns that are skipped, 0. */
  readonly outputs: readonly number[];
  /** The next line, in `text`. */
  at = 0;
  /** Rows that are ready. */
  row = 0;
  /** Empty lines that were passed over. */
  blank = 0;
  readonly #exports: Exports;
  readonly #view: DataView;
  readonly #columns: number;
  #tablesEnd: number;

  constructor(columns: readonly PlanColumn[]) {
    let end = TEXT_AT + TEXT_BYTES;
    this.outputs = columns.map(({ op, width = 0 }) => {
      if (op === OP.SKIP || op === OP.SAME) return 0;
      const at = end;
      end += Math.ceil((ROWS_MAX * width) / 8) * 8;
      return at;
    });
    const pages = Math.ceil(end / PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.text = Buffer.from(this.memory.buffer, TEXT_AT, TEXT_BYTES);
    this.#view = new DataView(this.memory.buffer);
    this.#columns = columns.length;
    compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM_BASE64, 'base64'));
    this.#exports = new WebAssembly.Instance(compiled, { env: { memory: this.memory } }).exports as unknown as Exports;
    for (let n = 0; n <= 18; n++) this.#view.setBigUint64(STATE.POWERS + 8 * n, 10n ** BigInt(n), true);
    for (let n = 0; n <= 22; n++) this.#view.setFloat64(STATE.FLOAT_POWERS + 8 * n, 10 ** n, true);
    this.#tablesEnd = PLAN_AT + columns.length * PLAN.BYTES;
    columns.forEach((column, n) => { this.#putColumn(n, column); });
  }

  /** The text that column `n` (of kind SAME) has to have in every line. @throws RangeError for one that is too long */
  expect(n: number, text: string): void {
    const bytes = Buffer.from(text);
    if (bytes.length > SAME_BYTES_MAX) throw new RangeError(`a text of ${bytes.length} bytes`);
    const entry = PLAN_AT + n * PLAN.BYTES;
    Buffer.from(this.memory.buffer).set(bytes, this.#view.getUint32(entry + PLAN.TABLE, true));
    this.#view.setUint32(entry + PLAN.COUNT, bytes.length, true);
  }

  /** Parses lines of `text` from `at` on; all of them end before `end`. @returns one of PARSED */
  parse(end: number): number {
    const status = this.#exports.parseLines(TEXT_AT + this.at, TEXT_AT + end, PLAN_AT, this.#columns, this.row, ROWS_MAX);
    this.at = this.#view.getUint32(STATE.AT, true) - TEXT_AT;
    this.row = this.#view.getUint32(STATE.ROW, true);
    this.blank += this.#view.getUint32(STATE.BLANK, true);
    return status;
  }

  /** The text of a field whose place and length were kept (SPAN). */
  spanText(output: number, row: number): string {
    const from = this.#view.getUint32(output + 8 * row, true) - TEXT_AT;
    return this.text.toString('utf8', from, from + this.#view.getUint32(output + 8 * row + 4, true));
  }

  #putColumn(n: number, { op, end, width = 0, scale = 0, add = 0n, min = -(2n ** 63n), max = 2n ** 63n - 1n, empty, codes }: PlanColumn): void {
    const view = this.#view;
    const at = PLAN_AT + n * PLAN.BYTES;
    view.setUint32(at + PLAN.OP, op, true);
    view.setUint32(at + PLAN.END, end, true);
    view.setUint32(at + PLAN.OUT, this.outputs[n] as number, true);
    view.setUint32(at + PLAN.WIDTH, width, true);
    view.setUint32(at + PLAN.SCALE, scale, true);
    view.setUint32(at + PLAN.FLAGS, empty === undefined ? 0 : MAY_BE_EMPTY, true);
    view.setBigInt64(at + PLAN.ADD, add, true);
    view.setBigInt64(at + PLAN.MIN, min, true);
    view.setBigInt64(at + PLAN.MAX, max, true);
    view.setBigInt64(at + PLAN.EMPTY, empty ?? 0n, true);
    if (op === OP.SAME) view.setUint32(at + PLAN.TABLE, this.#room(SAME_BYTES_MAX), true);
    if (codes === undefined) return;
    // Longer texts are found by the slow path.
    const short = [...codes].filter(([text]) => text !== '' && Buffer.byteLength(text) <= 8);
    const table = this.#room(short.length * 16);
    view.setUint32(at + PLAN.TABLE, table, true);
    view.setUint32(at + PLAN.COUNT, short.length, true);
    short.forEach(([text, code], k) => {
      const key = Buffer.alloc(8);
      key.write(text);
      view.setBigUint64(table + 16 * k, key.readBigUInt64LE(0), true);
      view.setUint8(table + 16 * k + 8, code);
    });
  }

  /** Room behind the plan. @throws RangeError */
  #room(bytes: number): number {
    const at = this.#tablesEnd;
    if (at + bytes > TEXT_AT) throw new RangeError(`${this.#columns} columns and their texts do not fit`);
    this.#tablesEnd = Math.ceil((at + bytes) / 8) * 8;
    return at;
  }
}
