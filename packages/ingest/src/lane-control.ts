import { DeepwaterError, deserializeError, serializeError } from '@deepwater/core/engine';
import { INGEST, LANE, LANE_ERROR_BYTES_MAX } from './control-layout.js';

/** Asks the ingest worker to look now. */
export function wakeIngest(ingest: Int32Array): void {
  Atomics.store(ingest, INGEST.URGENT, 1);
  Atomics.notify(ingest, INGEST.URGENT);
}

/** The words of one lane, with the meanings of LANE. */
export class LaneControl {
  readonly words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(LANE.BYTES)) {
    this.words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** Tells everybody who waits that the lane's state has changed: rows committed, a sync done, an error. */
  signal(): void {
    Atomics.add(this.words, LANE.COMMITS, 1);
    if (Atomics.load(this.words, LANE.WAITERS) !== 0) Atomics.notify(this.words, LANE.COMMITS);
  }

  get failed(): boolean {
    return Atomics.load(this.words, LANE.ERROR_LENGTH) !== 0;
  }

  /** What keeps the lane from moving rows; undefined while nothing does. */
  get error(): Error | undefined {
    return this.#read(LANE.ERROR_LENGTH, LANE.ERROR_TEXT);
  }

  /** Why a sync failed; undefined while it has not. One that was asked for later and is done counts for the earlier ones. */
  syncError(ticket: number): Error | undefined {
    if (((Atomics.load(this.words, LANE.SYNC_FAILED) - ticket) | 0) < 0) return undefined;
    return this.#read(LANE.SYNC_ERROR_LENGTH, LANE.SYNC_ERROR_TEXT);
  }

  #read(lengthWord: number, at: number): Error | undefined {
    const length = Atomics.load(this.words, lengthWord);
    if (length === 0) return undefined;
    const text = Buffer.from(this.#bytes.slice(at, at + length)).toString('utf8');
    try {
      return deserializeError(JSON.parse(text) as ReturnType<typeof serializeError>);
    } catch (cause) {
      return new DeepwaterError('DW_INGEST_FAILED', `The ingest worker failed and its report cannot be read: ${text}`, { cause });
    }
  }

  setError(error: unknown): void {
    this.#write(error, LANE.ERROR_LENGTH, LANE.ERROR_TEXT);
    this.signal();
  }

  setSyncError(ticket: number, error: unknown): void {
    this.#write(error, LANE.SYNC_ERROR_LENGTH, LANE.SYNC_ERROR_TEXT);
    Atomics.store(this.words, LANE.SYNC_FAILED, ticket);
    this.signal();
  }

  #write(error: unknown, lengthWord: number, at: number): void {
    const { stack: _stack, cause: _cause, ...plain } = serializeError(error) as unknown as Record<string, unknown>;
    let text = Buffer.from(JSON.stringify(plain, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
    if (text.length > LANE_ERROR_BYTES_MAX) text = Buffer.from(JSON.stringify({ ...plain, message: String(plain['message']).slice(0, 1000), values: {} }));
    this.#bytes.set(text.subarray(0, LANE_ERROR_BYTES_MAX), at);
    Atomics.store(this.words, lengthWord, Math.min(text.length, LANE_ERROR_BYTES_MAX));
  }

  clearError(): void {
    Atomics.store(this.words, LANE.ERROR_LENGTH, 0);
  }
}
