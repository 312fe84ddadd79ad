import { MergedPart } from '../merge/part.js';
import type { FeedRequest } from '../merge/stretches.js';

/** Chunks that the matches of a batch keep mapped; beyond, their rows are copied. */
const PARTS_MAX = 64;

/** What the records of a left batch are matched with: row `row[i]` of `parts[partOf[i]]`. Part 0 is for those without a match. */
export class Matches {
  readonly parts: MergedPart[];
  readonly partOf: Uint32Array;
  readonly row: Uint32Array;
  #last: MergedPart | undefined;
  #lastIndex = 0;

  constructor(length: number, private readonly right: FeedRequest) {
    this.parts = [MergedPart.missing(right.wanted.fields, right.fields)];
    this.partOf = new Uint32Array(length);
    this.row = new Uint32Array(length);
  }

  put(i: number, part: MergedPart, row: number): void {
    this.partOf[i] = this.indexOf(part);
    this.row[i] = row;
  }

  /** The place of a part among `parts`, good until the next one is asked about. */
  indexOf(part: MergedPart): number {
    if (this.#last !== part) {
      if (this.parts.length > PARTS_MAX) this.#compact();
      this.#last = part;
      this.#lastIndex = this.parts.push(part.hold()) - 1;
    }
    return this.#lastIndex;
  }

  close(): void {
    for (const part of this.parts.splice(0)) part.drop();
  }

  #compact(): void {
    const { partOf, row, right } = this;
    const copy = MergedPart.ofRows(this.parts, partOf, row, right.wanted.fields, right.fields);
    for (const part of this.parts.splice(1)) part.drop();
    this.parts.push(copy);
    partOf.forEach((index, i) => {
      if (index === 0) return;
      partOf[i] = 1;
      row[i] = i;
    });
  }
}
