/** Kinds told apart; more are one kind, so that garbage of ever new kinds cannot fill memory. */
const KINDS_MAX = 256;
const OTHER = 'other reasons';

/** How often each kind of thing has happened. */
export class KindCounts {
  readonly #counts = new Map<string, number>();

  /** @returns how many of its kind there have been */
  add(given: string): number {
    const kind = this.#counts.has(given) || this.#counts.size < KINDS_MAX ? given : OTHER;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return count;
  }

  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  reset(): void {
    this.#counts.clear();
  }
}
