import type { FeedInput } from './feed-inputs.js';

/**
 * The inputs that have records at hand, the one with the earliest first: a binary heap, so that one of 200 feeds is found with a few
 * comparisons. Only the key of the first one may change while it is here.
 */
export class EarliestFirst {
  readonly #heap: FeedInput[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): FeedInput | undefined {
    return this.#heap[0];
  }

  /** The one that comes after the first. */
  get second(): FeedInput | undefined {
    const left = this.#heap[1];
    const right = this.#heap[2];
    return left === undefined || right === undefined || isBefore(left, right) ? left : right;
  }

  add(input: FeedInput): void {
    const heap = this.#heap;
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = heap[(at - 1) >> 1] as FeedInput;
      if (!isBefore(input, parent)) break;
      heap[at] = parent;
    }
    heap[at] = input;
  }

  removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.settleFirst();
  }

  /** Puts the first one where it belongs, after its next record has become a later one. */
  settleFirst(): void {
    const heap = this.#heap;
    const input = heap[0];
    if (input === undefined) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as FeedInput)) child += 1;
      const earlier = heap[child] as FeedInput;
      if (!isBefore(earlier, input)) break;
      heap[at] = earlier;
      at = child;
    }
    heap[at] = input;
  }
}

/** By the time of the next record; of one time, by the order in which the feeds were named. */
function isBefore(a: FeedInput, b: FeedInput): boolean {
  const timeA = a.timeAt(a.at);
  const timeB = b.timeAt(b.at);
  return timeA < timeB || (timeA === timeB && a.index < b.index);
}
