import { DeepwaterError } from '@deepwater/core/engine';
import { SPIN, type WaitStrategy, localBell } from '@deepwater/ring';
import { checkKeys } from '../options.js';
import { flagOf, signalOf, waitOf } from './follow-options.js';
import { checkMayBlock } from './may-block.js';
import { Parking, looksOf } from './parking.js';
import { STREAM_KEYS, type StreamContext, StreamFeed } from './stream-feed.js';
import type { SyncRecordStream } from './stream-types.js';

const KEYS = [...STREAM_KEYS, 'wait', 'spin', 'allowMainThread'];

/** A stream that blocks its thread while there is nothing new. */
export class SyncStream<T> implements SyncRecordStream<T> {
  readonly #feed: StreamFeed;
  readonly #parking: Parking;
  readonly #wait: WaitStrategy;
  readonly #looks: number;
  readonly #signal: AbortSignal | undefined;
  #items: unknown[] = [];
  #at = 0;
  #ended = false;

  constructor(context: StreamContext, options: unknown) {
    const given = checkKeys(options, KEYS);
    checkMayBlock('streamSync', context.source.spec.name, flagOf('allowMainThread', given['allowMainThread']));
    const spin = flagOf('spin', given['spin']);
    if (spin && given['wait'] !== undefined) {
      throw new DeepwaterError('DW_OPTION_INVALID', 'Both spin and wait say how to wait; give one of them.', { values: { spin, wait: given['wait'] } });
    }
    this.#wait = spin ? SPIN : waitOf(given['wait']);
    this.#looks = looksOf(this.#wait);
    this.#signal = signalOf(given['signal']);
    this.#feed = new StreamFeed(context, options, KEYS);
    this.#parking = new Parking(this.#feed.follower, localBell(context.source), () => this.#signal?.aborted === true);
  }

  get position(): number {
    return this.#feed.position(this.#items, this.#at);
  }

  get buffered(): number {
    return this.#items.length - this.#at;
  }

  get lost(): number {
    return this.#feed.follower.losses.count;
  }

  next(): IteratorResult<T, undefined> {
    if (this.#at >= this.#items.length && !this.#refill()) return { value: undefined, done: true };
    return { value: this.#items[this.#at++] as T, done: false };
  }

  return(): IteratorResult<T, undefined> {
    if (!this.#ended) {
      this.#ended = true;
      this.#items = [];
      this.#at = 0;
      this.#feed.close();
    }
    return { value: undefined, done: true };
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.return();
  }

  /** @returns false at the end. */
  #refill(): boolean {
    try {
      while (!this.#ended && this.#signal?.aborted !== true) {
        this.#items = this.#feed.read(this.#looks);
        this.#at = 0;
        if (this.#items.length > 0) return true;
        this.#parking.wait(this.#wait, Infinity);
      }
    } catch (error) {
      this.return();
      throw error;
    }
    this.return();
    return false;
  }
}
