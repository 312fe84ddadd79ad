import { localBell } from '@deepwater/ring';
import { checkKeys } from '../options.js';
import { AsyncWait } from './async-wait.js';
import { signalOf } from './follow-options.js';
import { Parking } from './parking.js';
import { STREAM_KEYS, type StreamContext, StreamFeed } from './stream-feed.js';
import type { RecordStream } from './stream-types.js';

/** Work between two turns of the event loop. */
const SLICE_MS = 2;

/** A stream that lets the event loop run while there is nothing new, and every two milliseconds while there is. */
export class AsyncStream<T> implements RecordStream<T> {
  readonly #feed: StreamFeed;
  readonly #wait: AsyncWait;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => { this.#end(); };
  #items: unknown[] = [];
  #at = 0;
  #ended = false;
  #filling: Promise<boolean> | undefined;
  #sliceEnd = 0;

  constructor(context: StreamContext, options: unknown) {
    this.#signal = signalOf(checkKeys(options, STREAM_KEYS)['signal']);
    this.#feed = new StreamFeed(context, options, STREAM_KEYS);
    const stopped = (): boolean => this.#ended;
    const parking = new Parking(this.#feed.follower, localBell(context.source), stopped);
    this.#wait = new AsyncWait(this.#feed.follower, parking, stopped);
    if (this.#signal?.aborted === true) this.#end();
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
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

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#at < this.#items.length) return Promise.resolve({ value: this.#items[this.#at++] as T, done: false });
    return this.#later();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    await this.#filling?.catch(() => {});
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #later(): Promise<IteratorResult<T, undefined>> {
    // Calls that do not wait for each other take their turns.
    while (this.#at >= this.#items.length) {
      this.#filling ??= this.#fill().finally(() => { this.#filling = undefined; });
      if (!(await this.#filling)) return { value: undefined, done: true };
    }
    return { value: this.#items[this.#at++] as T, done: false };
  }

  /** @returns false at the end. */
  async #fill(): Promise<boolean> {
    try {
      while (!this.#ended) {
        if (performance.now() >= this.#sliceEnd) {
          await new Promise<void>((resume) => { setImmediate(resume); });
          this.#sliceEnd = performance.now() + SLICE_MS;
          continue;
        }
        this.#items = this.#feed.read();
        this.#at = 0;
        if (this.#items.length > 0) return true;
        await this.#wait.wait();
      }
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      if (this.#ended) this.#feed.close();
    }
    return false;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#items = [];
    this.#at = 0;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#wait.wake();
    if (this.#filling === undefined) this.#feed.close();
  }
}
