/** Lines of CSV as batches of columns: the kernel takes the plain ones, what it stops at is read by the book. */
import type { Columns } from '../cells/column-set.js';
import { Reject } from '../cells/reject.js';
import { LINE_BYTES_MAX, PARSED } from './kernel.js';
import { type Plan, type Table, compilePlan } from './plan.js';
import { splitRecord } from './split-record.js';

/** Rows of a file; the columns are used again for the next ones. */
export interface ParsedRows {
  readonly rows: number;
  readonly columns: Columns;
  /** Texts of the columns that are the same in all of these rows. */
  readonly group: readonly string[];
}

/** Told of a line that gives no record. Throws where there were too many. */
export type OnReject = (line: number, reason: string) => void;

const LF = 10;

/**
 * @param skipLines lines in front that are no rows: the header
 * @throws what `onReject` does, and what the blocks do
 */
export async function* readCsv(blocks: AsyncIterable<Uint8Array>, table: Table, skipLines: number, onReject: OnReject): AsyncGenerator<ParsedRows, void, void> {
  const lines = new CsvLines(table, skipLines, onReject);
  for await (const block of blocks) {
    for (let at = 0; at < block.byteLength; at += LINE_BYTES_MAX) yield* lines.take(block.subarray(at, at + LINE_BYTES_MAX));
  }
  yield* lines.end();
}

class CsvLines {
  readonly #plan: Plan;
  readonly #delimiter: number;
  /** Bytes of the kernel's text that hold something. */
  #have = 0;
  /** Number of the line that is next, from 1. */
  #line = 1;
  #skip: number;
  /** In a line that is too long to be kept. */
  #tooLong = false;
  #first = true;
  #group: string[] = [];
  /** Rows whose texts are made. */
  #texted = 0;

  constructor(private readonly table: Table, skipLines: number, private readonly onReject: OnReject) {
    this.#plan = compilePlan(table);
    this.#delimiter = table.delimiter.charCodeAt(0);
    this.#skip = skipLines;
  }

  /** Takes at most LINE_BYTES_MAX bytes. */
  *take(bytes: Uint8Array): Generator<ParsedRows, void, void> {
    const { kernel } = this.#plan;
    if (kernel.at > 0) {
      kernel.text.copyWithin(0, kernel.at, this.#have);
      this.#have -= kernel.at;
      kernel.at = 0;
    }
    kernel.text.set(bytes, this.#have);
    const searched = this.#have;
    this.#have += bytes.byteLength;
    if (this.#first) this.#passMark();
    const last = kernel.text.subarray(searched, this.#have).lastIndexOf(LF);
    if (last >= 0) yield* this.#parse(searched + last + 1, false);
    if (this.#have - kernel.at <= LINE_BYTES_MAX) return;
    if (!this.#tooLong) this.onReject(this.#line, `the line is longer than ${LINE_BYTES_MAX.toLocaleString('en')} bytes, or a quote in it is not closed`);
    this.#tooLong = true;
    this.#have = kernel.at = 0;
  }

  /** The last line may have no line feed. */
  *end(): Generator<ParsedRows, void, void> {
    const { kernel } = this.#plan;
    if (this.#have > kernel.at) {
      kernel.text[this.#have++] = LF;
      yield* this.#parse(this.#have, true);
    }
    yield* this.#flush();
  }

  *#parse(end: number, isLast: boolean): Generator<ParsedRows, void, void> {
    const { kernel } = this.#plan;
    if (this.#tooLong) {
      // Its end is here; where a quote made it long, what follows is read as lines again.
      this.#nextLine();
      this.#tooLong = false;
    }
    while (this.#skip > 0 && kernel.at < end) {
      this.#nextLine();
      this.#skip -= 1;
    }
    while (kernel.at < end) {
      const before = kernel.row + kernel.blank;
      const status = kernel.parse(end);
      this.#line += kernel.row + kernel.blank - before;
      this.#makeTexts();
      if (status === PARSED.FULL) yield* this.#flush();
      if (status === PARSED.ODD && !(yield* this.#oddLine(end, isLast))) return;
    }
  }

  /** Reads a line that is not plain. @returns false where its end is not there yet */
  *#oddLine(end: number, isLast: boolean): Generator<ParsedRows, boolean, void> {
    const { kernel } = this.#plan;
    let record;
    try {
      record = splitRecord(kernel.text, kernel.at, end, this.#delimiter);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.onReject(this.#line, 'bytes that are no UTF-8');
      this.#nextLine();
      return true;
    }
    if (record === undefined) {
      if (!isLast) return false;
      this.onReject(this.#line, 'a quote that is not closed');
      this.#nextLine();
      return true;
    }
    if (record.fields.length === 1 && record.fields[0]!.trim() === '') {
      // White space alone is an empty line.
      this.#pass(record);
      return true;
    }
    try {
      const texts = this.#texts(record.fields);
      const group = this.#plan.groups.map((n) => texts[n] as string);
      if (group.some((text, n) => text !== this.#group[n])) {
        yield* this.#flush();
        this.#expect(group);
        // Where the line is odd only in this, the kernel takes it now.
        return true;
      }
      for (const [n, write] of this.#plan.writers.entries()) write?.(texts[n], kernel.row);
      kernel.row += 1;
      this.#texted = kernel.row;
    } catch (error) {
      if (!(error instanceof Reject)) throw error;
      this.onReject(this.#line, error.message);
    }
    this.#pass(record);
    return true;
  }

  #expect(group: string[]): void {
    this.#plan.groups.forEach((n, k) => {
      try {
        this.#plan.kernel.expect(n, group[k] as string);
      } catch (error) {
        if (error instanceof RangeError) throw new Reject(`${this.#plan.flat[n]!.name} is too long: ${error.message}`);
        throw error;
      }
    });
    this.#group = group;
  }

  /** The texts of the file's columns, with those that are several taken apart. */
  #texts(fields: readonly string[]): string[] {
    const { columns } = this.table;
    if (fields.length !== columns.length) throw new Reject(`${fields.length} ${fields.length === 1 ? 'column' : 'columns'}, where there are to be ${columns.length}`);
    if (this.#plan.flat.length === columns.length) return fields as string[];
    return fields.flatMap((field, n) => {
      const { name, parts } = columns[n]!;
      if (parts === undefined) return [field];
      const texts = field.split(parts.by);
      if (texts.length !== parts.columns.length) throw new Reject(`${name} has ${texts.length} parts, where there are to be ${parts.columns.length}`);
      return texts;
    });
  }

  #pass({ next, lines }: { readonly next: number; readonly lines: number }): void {
    this.#plan.kernel.at = next;
    this.#line += lines;
  }

  #nextLine(): void {
    const { kernel } = this.#plan;
    kernel.at = kernel.text.indexOf(LF, kernel.at) + 1;
    this.#line += 1;
  }

  *#flush(): Generator<ParsedRows, void, void> {
    const { kernel, columns } = this.#plan;
    const rows = kernel.row;
    kernel.row = 0;
    this.#texted = 0;
    if (rows > 0) yield { rows, columns, group: this.#group };
  }

  #makeTexts(): void {
    const { kernel, texts } = this.#plan;
    for (const { output, column } of texts) for (let row = this.#texted; row < kernel.row; row++) column[row] = kernel.spanText(output, row);
    this.#texted = kernel.row;
  }

  #passMark(): void {
    const { text } = this.#plan.kernel;
    this.#first = false;
    if (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf) this.#plan.kernel.at = 3;
  }
}
