import { DeepwaterError } from '@deepwater/core/engine';
import { LANE } from './control-layout.js';
import { LaneControl } from './lane-control.js';
import { CREATOR, LaneWriter, type WriterSeat, isHeld, leaveSeat, takeSeat } from './lane-writer.js';
import type { WriterHandle } from './writer-handle.js';

/** Ends a lane: drains it, seals its chunk, releases the feed's lock. */
export type CloseLane = () => Promise<void>;

/** The writer of a feed, in the thread that created it. Only one exists for a feed, in all processes. */
export abstract class Writer extends LaneWriter {
  readonly #lane: LaneControl;
  readonly #closeLane: CloseLane;
  #closing: Promise<void> | undefined;
  #released = false;
  #handedOver = false;

  constructor(seat: WriterSeat, closeLane: CloseLane) {
    super(seat);
    this.#lane = new LaneControl(seat.init.control);
    this.#closeLane = closeLane;
    takeSeat(this.#lane, CREATOR);
  }

  /**
   * Gives the right to write away, to the thread that attaches the handle. This object writes no more, but still flushes,
   * syncs and closes.
   */
  handle(): WriterHandle {
    if (this.#closing !== undefined) throw this.closedError();
    this.#handedOver = true;
    this.end();
    leaveSeat(this.#lane, CREATOR);
    return { kind: 'deepwater.writer', feed: this.feed, seat: this.seat };
  }

  /**
   * Moves every record to chunks, seals the last one, and gives the feed free for another writer. Records that another
   * thread writes through a handle after this are refused.
   */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      if (isHeld(this.#lane)) {
        return Promise.reject(
          new DeepwaterError('DW_HANDLE_IN_USE', `A worker thread still writes feed ${this.feed}. Close its attached writer first.`, { values: { feed: this.feed } }),
        );
      }
      this.#closing = this.#close();
    }
    return this.#closing;
  }

  /** What `close()` gave, once it has been called and was not refused; the feed's lock is held until it settles. */
  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  /** Whether the feed is free for another writer. */
  get released(): boolean {
    return this.#released;
  }

  async #close(): Promise<void> {
    Atomics.store(this.#lane.words, LANE.CLOSED, 1);
    this.end();
    this.closeFiles();
    try {
      await this.#closeLane();
    } finally {
      this.#released = true;
    }
  }

  /** For the end of the process: what fits into the time goes to the chunk; the rest is safe in the ring. */
  closeSync(timeoutMs = 1000): void {
    if (this.#closing !== undefined) return;
    this.end();
    for (const step of [() => { if (!isHeld(this.#lane)) this.endSegment(); }, () => { this.flushSync(timeoutMs); }]) {
      try {
        step();
      } catch {
        // The records stay in the ring file; the next writer moves them. There is nobody left to tell.
      }
    }
  }

  protected override closedError(): DeepwaterError {
    if (this.#handedOver && this.#closing === undefined) {
      return new DeepwaterError('DW_HANDLE_IN_USE', `The right to write feed ${this.feed} was given away with writerHandle(); the record was not written. Write through the attached writer.`, {
        values: { feed: this.feed },
      });
    }
    return super.closedError();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
