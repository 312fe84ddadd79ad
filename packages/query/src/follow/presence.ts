import { DeepwaterError } from '@deepwater/core/engine';
import { Bell, type Ring, SubscriberRow } from '@deepwater/ring';

/** A subscriber's entry in the table behind the bell of the ring it reads: what `reader.activity()` and `deepwater top` show. */
export class Presence {
  #ring: Ring | undefined;
  #row: SubscriberRow | undefined;

  /** Takes a row beside this ring. Without permission to write there, or where all rows are taken, it is not listed. */
  attach(ring: Ring, position: number, lost: number): void {
    if (this.#ring === ring) return;
    this.leave();
    this.#ring = ring;
    try {
      this.#row = SubscriberRow.claim(Bell.open(ring.path.replace(/\.ring$/, '.bell')).word.buffer as SharedArrayBuffer, position);
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error)) throw error;
    }
    this.#row?.tell(position, lost);
  }

  tell(position: number, lost: number): void {
    this.#row?.tell(position, lost);
  }

  leave(): void {
    this.#row?.release();
    this.#row = undefined;
    this.#ring = undefined;
  }
}
