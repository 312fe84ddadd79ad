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

  /** Has every record that is in the ring moved to the chunk soon. */
  askFlush(): void {
    Atomics.store(this.words, LANE.FLUSH, 1);
  }

  /** Asks for what is in chunks by now to be made durable; `synced` says when that is done. */
  askSync(): number {
    return Atomics.add(this.words, LANE.SYNC_ASKED, 1) + 1;
  }

  /** Whether what was asked for is done. @param ticket from `askSync` */
  synced(ticket: number): boolean {
    return ((Atomics.load(this.words, LANE.SYNC_DONE) - ticket) | 0) >= 0;
  }

  get failed(): boolean {
    return Atomics.load(this.words, LANE.ERROR_LENGTH) !== 0;
  }

  /** What keeps the lane from moving rows; undefined while nothing does. */
  get error(): Error | undefined {
    const length = Atomics.load(this.words, LANE.ERROR_LENGTH);
    if (length === 0) return undefined;
    const text = Buffer.from(this.#bytes.slice(LANE.ERROR_TEXT, LANE.ERROR_TEXT + length)).toString('utf8');
    try {
      return deserializeError(JSON.parse(text) as ReturnType<typeof serializeError>);
    } catch (cause) {
      return new DeepwaterError('DW_INGEST_FAILED', `The ingest worker failed and its report cannot be read: ${text}`, { cause });
    }
  }

  setError(error: unknown): void {
    const { stack: _stack, cause: _cause, ...plain } = serializeError(error) as unknown as Record<string, unknown>;
    let text = Buffer.from(JSON.stringify(plain, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
    if (text.length > LANE_ERROR_BYTES_MAX) text = Buffer.from(JSON.stringify({ ...plain, message: String(plain['message']).slice(0, 1000), values: {} }));
    this.#bytes.set(text.subarray(0, LANE_ERROR_BYTES_MAX), LANE.ERROR_TEXT);
    Atomics.store(this.words, LANE.ERROR_LENGTH, Math.min(text.length, LANE_ERROR_BYTES_MAX));
    this.signal();
  }

  clearError(): void {
    Atomics.store(this.words, LANE.ERROR_LENGTH, 0);
  }
}
