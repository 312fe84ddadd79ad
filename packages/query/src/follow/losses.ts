/** Sequence numbers [from, to) that were lost. */
export interface LostRange {
  readonly from: number;
  readonly to: number;
}

/** What a subscriber lost: a count, and the ranges, told one by one. */
export class Losses {
  /** Records lost so far. */
  count = 0;
  /** Nothing has been given yet, and what is lost may not matter: it is not told. */
  held = false;
  #from = 0;
  #to = 0;

  constructor(private readonly tell: ((range: LostRange) => void) | undefined) {}

  add(from: number, to: number): void {
    if (from >= to) return;
    this.count += to - from;
    if (this.#to !== from) {
      this.report();
      this.#from = from;
    }
    this.#to = to;
  }

  /** Tells the range that has been collected. Called when the place of the subscriber is in order: `tell` may throw. */
  report(): void {
    if (this.held || this.#to <= this.#from) return;
    const range = { from: this.#from, to: this.#to };
    this.#from = 0;
    this.#to = 0;
    this.tell?.(range);
  }

  /** Forgets what was lost. @returns where that ended; undefined where nothing was lost */
  forget(): number | undefined {
    if (this.count === 0) return undefined;
    this.count = 0;
    const end = this.#to;
    this.#from = this.#to = 0;
    return end;
  }
}
