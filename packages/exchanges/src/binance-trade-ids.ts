import { BadFrame, type SessionHost } from './exchange.js';
import { PassedRun } from './passed-run.js';

/** The ids of a symbol's trades at Binance: they run on without a hole. */
export class TradeIds {
  /** The one that comes next; 0 before the first. */
  #next = 0;
  #fresh = true;
  readonly #passed = new PassedRun();

  constructor(private readonly host: Pick<SessionHost, 'event'>, private readonly symbol: string) {}

  /** It has just been subscribed. @param last the newest trade that earlier connections wrote, where one is known */
  begin(last?: number): void {
    this.#next = last === undefined ? 0 : last + 1;
    this.#fresh = true;
  }

  /**
   * Tells of trades that are missing before this one. The first of a session may be from before what earlier connections wrote: it is no repetition then,
   * for the exchange sends none, but a count that has begun again.
   * @throws BadFrame for an id that has been passed
   */
  take(id: number): void {
    const expected = this.#next;
    const passed = id < expected && !this.#fresh;
    if (passed && !this.#passed.passed()) throw new BadFrame('trade id not new', `${this.symbol} ${id} after ${expected - 1}`);
    if (!passed) this.#passed.fresh();
    if (expected !== 0 && id !== expected && (passed || id > expected)) this.host.event({ kind: 'gap', symbol: this.symbol, channel: 'trades', expected, found: id });
    this.#next = id + 1;
    this.#fresh = false;
  }
}
