import { DeepwaterError } from '@deepwater/core';
import type { CaptureSink } from './capture.js';
import { dailyBook } from './daily-book.js';
import { jsonlFormat } from './jsonl-format.js';
import type { CaptureFormat, ReadLine } from './line-format.js';
import { textFormat } from './text-format.js';
import { timedLines } from './timed-lines.js';

const FORMATS: readonly CaptureFormat[] = [jsonlFormat, timedLines, dailyBook, textFormat];

/** A file of any of the formats, line by line; which format it is, its first line tells. */
export class CaptureLines {
  #read: ReadLine | undefined;
  #lastUs = 0;

  constructor(private readonly path: string, private readonly into: CaptureSink) {}

  /**
   * @param number of the line, from 1
   * @throws DeepwaterError DW_OPTION_INVALID for one that is not what its format says, or the first of a file in none of them; the file may be gone on with behind it
   */
  line(line: string, number: number): void {
    if (line.trim() === '') return;
    const read = this.#read ?? this.#format(line);
    const expected = read(line);
    if (expected !== undefined) throw new DeepwaterError('DW_OPTION_INVALID', `captures: line ${number} of ${this.path} is not ${expected}.`, { values: { path: this.path, line: number } });
    this.#read = read;
  }

  /** There are no more lines. @throws DeepwaterError DW_OPTION_INVALID where there was none */
  end(): void {
    if (this.#read === undefined) throw this.#unknown();
  }

  #format(line: string): ReadLine {
    const format = FORMATS.find(({ begins }) => begins(line));
    if (format === undefined) throw this.#unknown();
    const { into } = this;
    return format.reader({
      connection: (connection) => into.connection(connection.us === undefined ? connection : { ...connection, us: this.#forward(connection.us) }),
      received: (frame) => { into.received({ ...frame, us: this.#forward(frame.us) }); },
      sent: (frame) => { into.sent({ ...frame, us: this.#forward(frame.us) }); },
      replied: (reply) => { into.replied({ ...reply, us: this.#forward(reply.us) }); },
    });
  }

  #unknown(): DeepwaterError {
    return new DeepwaterError('DW_OPTION_INVALID', `captures: ${this.path} is in none of the formats that are known (see docs/REPLAY.md).`, { values: { path: this.path } });
  }

  /** The order of lines is the order of events, even where a recorder's clock steps back. */
  #forward(us: number): number {
    this.#lastUs = Math.max(this.#lastUs, us);
    return this.#lastUs;
  }
}
