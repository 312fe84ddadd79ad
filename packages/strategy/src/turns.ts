import { STAT } from './shared-stats.js';

/** Work between two turns of the event loop: what messages, timers and promises of the strategy wait at most. */
const TURN_MS = 2;
/** Records between two looks at the clock. */
const ROWS_PER_LOOK = 64;
/** Values that a strategy may have sent and its owner not heard; then it waits. */
const UNHEARD_MAX = 10_000;

/** How a strategy shares its thread with the event loop. */
export class Turns {
  #start = performance.now();
  #rows = 0;
  #due = false;

  constructor(private readonly stats: Float64Array) {}

  /** Whether it is time for the event loop, or for the owner to hear what he was sent. */
  get due(): boolean {
    return performance.now() - this.#start >= TURN_MS || this.#crowded;
  }

  /** The same, for after each record or batch: one look at the clock for many records. */
  dueAfter(rows: number): boolean {
    this.#rows += rows;
    if (this.#rows < ROWS_PER_LOOK) return false;
    this.#rows = 0;
    this.#due = this.due;
    return this.#due;
  }

  /** What `dueAfter` found last. */
  get foundDue(): boolean {
    return this.#due;
  }

  get #crowded(): boolean {
    return (this.stats[STAT.SENT] as number) - (this.stats[STAT.HEARD] as number) > UNHEARD_MAX;
  }

  /** One turn of the event loop; more of them as long as too much is unheard and nobody has stopped it. */
  async yield(stopped: () => boolean): Promise<void> {
    this.end();
    await new Promise<void>((resume) => { setImmediate(resume); });
    while (this.#crowded && !stopped()) await new Promise<void>((resume) => { setTimeout(resume, 1); });
    this.begin();
  }

  /** Work goes on after a sleep. */
  begin(): void {
    this.#due = false;
    this.#start = performance.now();
  }

  /** Work ends, for a sleep or a turn of the event loop. */
  end(): void {
    (this.stats[STAT.BUSY_MS] as number) += performance.now() - this.#start;
  }
}
