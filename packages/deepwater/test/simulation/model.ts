/** What a feed must hold, as simply as it can be said: a list of records that are there, with their numbers. */
import { Violation } from './records.js';

export class Model {
  /** Sequence numbers of the records there are, ascending, and their ids. */
  sequences: number[] = [];
  ids: number[] = [];
  /** Numbers that were ever given to a record, as runs [from, to), ascending. */
  readonly #given: { from: number; to: number }[] = [];
  /** Every number below this one may have been seen by somebody. */
  seenEnd = 0;
  /** Records below this number survive power loss. */
  durableEnd = 0;
  /** After a power loss, until somebody has looked: any of the records may be gone that nobody was promised. */
  uncertain = false;
  /** Counts power losses. */
  boots = 0;
  #nextId = 1;

  get count(): number {
    return this.ids.length;
  }

  newId(): number {
    return this.#nextId++;
  }

  /** A record is about to be published. */
  publish(sequence: number, id: number): void {
    if (sequence < this.seenEnd) throw new Violation(`number ${sequence} is given a second time; everything below ${this.seenEnd} may have been seen`);
    this.sequences.push(sequence);
    this.ids.push(id);
    this.seenEnd = sequence + 1;
    const last = this.#given.at(-1);
    if (last?.to === sequence) last.to += 1;
    else this.#given.push({ from: sequence, to: sequence + 1 });
  }

  /** A reader was told that records are lost: they must have been there once, and be gone. */
  lost(from: number, to: number): void {
    const there = this.sequences[this.indexOf(from)];
    if (there !== undefined && there < to) throw new Violation(`records ${from} to ${to} are told as lost, and ${there} is there`);
    // The chunk that says how far the numbers had jumped can itself be lost with the next power loss; then more is told than was there.
    const whole = this.boots < 2;
    const known = this.#given.some((run) => (whole ? run.from <= from && to <= run.to : run.from < to && from < run.to));
    if (!known) throw new Violation(`records ${from} to ${to} are told as lost, and not all of these numbers were ever given to a record`);
  }

  /** Everything below a number is promised to survive power loss. */
  promise(end: number): void {
    this.durableEnd = Math.max(this.durableEnd, end);
  }

  powerLost(): void {
    this.uncertain = true;
    this.boots += 1;
  }

  /** The first of the records at or after a number, as a place in the lists. */
  indexOf(sequence: number): number {
    let low = 0;
    let high = this.sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sequences[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * After a power loss somebody has looked: these are the records there are.
   * @param atLeast records that were seen before, since the power loss
   */
  settle(sequences: readonly number[], ids: readonly number[], atLeast?: ReadonlySet<number>): void {
    let last = -1;
    sequences.forEach((sequence, i) => {
      const known = this.indexOf(sequence);
      if (this.sequences[known] !== sequence || this.ids[known] !== ids[i]) {
        throw new Violation(`after a power loss record ${sequence} is ${ids[i]}, which ${this.sequences[known] === sequence ? `was ${this.ids[known]}` : 'was never published'}`);
      }
      if (sequence <= last) throw new Violation(`after a power loss record ${sequence} comes after ${last}`);
      last = sequence;
    });
    const there = new Set(sequences);
    const promised = this.sequences.find((sequence) => sequence < this.durableEnd && !there.has(sequence));
    if (promised !== undefined) throw new Violation(`record ${promised} was promised to survive power loss (below ${this.durableEnd}) and is gone; there are ${sequences.length} up to ${last}`);
    for (const sequence of atLeast ?? []) {
      if (!there.has(sequence)) throw new Violation(`record ${sequence} was seen after the power loss and is gone since the writer came`);
    }
    this.sequences = [...sequences];
    this.ids = [...ids];
  }

  copy(): Model {
    const copy = new Model();
    copy.sequences = [...this.sequences];
    copy.ids = [...this.ids];
    copy.#given.push(...this.#given.map((run) => ({ ...run })));
    copy.seenEnd = this.seenEnd;
    copy.durableEnd = this.durableEnd;
    copy.uncertain = this.uncertain;
    copy.boots = this.boots;
    copy.#nextId = this.#nextId;
    return copy;
  }
}
