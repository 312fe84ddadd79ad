import { DeepwaterError, compileSchema } from '@deepwater/core/engine';
import { Bell, Ring, rowWriterClass } from '@deepwater/ring';
import { LANE } from './control-layout.js';
import { LaneControl } from './lane-control.js';
import { LaneWriter, type WriterSeat, holderOfThread, leaveSeat, takeSeat } from './lane-writer.js';

/** The right to write a feed, as something that can be posted to a worker thread. */
export interface WriterHandle {
  readonly kind: 'deepwater.writer';
  readonly feed: string;
  readonly seat: WriterSeat;
}

/** A writer in the thread that attached it. `close()` gives the right to write back. */
export abstract class AttachedWriter extends LaneWriter {
  readonly #holder = holderOfThread();

  async close(): Promise<void> {
    if (this.closed) return;
    await this.flush();
    this.closeSync();
  }

  closeSync(): void {
    if (this.closed) return;
    this.end();
    this.closeFiles();
    leaveSeat(new LaneControl(this.seat.init.control), this.#holder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Begins writing a feed in this thread, with a handle from `platform.writerHandle(feed)`. One thread at a time.
 * A thread that ends without closing its writer leaves the right to the next that attaches a handle; what it published is there.
 * @throws DeepwaterError DW_HANDLE_INVALID for something else or a closed writer's, DW_HANDLE_IN_USE while another thread writes
 */
export function attachWriter(handle: WriterHandle): AttachedWriter {
  if (handle?.kind !== 'deepwater.writer' || !(handle.seat?.init?.control instanceof SharedArrayBuffer)) {
    throw new DeepwaterError('DW_HANDLE_INVALID', 'This is not a writer handle. Post the result of platform.writerHandle(feed) to the worker as it is.');
  }
  const control = new LaneControl(handle.seat.init.control);
  if (Atomics.load(control.words, LANE.CLOSED) !== 0) {
    throw new DeepwaterError('DW_HANDLE_INVALID', `The writer of feed ${handle.feed} that this handle came from is closed. Create a new one.`, { values: { feed: handle.feed } });
  }
  const seat = takeSeat(control, holderOfThread());
  if (seat === 'refused') {
    throw new DeepwaterError('DW_HANDLE_IN_USE', `Feed ${handle.feed} is being written by another thread. Close its writer there first.`, {
      values: { feed: handle.feed },
    });
  }
  if (seat === 'inherited') {
    const { init, local } = handle.seat;
    new Ring(init.ring, init.ringPath).settleHead();
    // It may have taken the sleepers' bits and died before it woke them.
    new Bell(new Int32Array(init.bell, 0, 1), new Int32Array(local)).ringForAll();
  }
  const Compiled = rowWriterClass(compileSchema(handle.seat.init.source.spec), AttachedWriter);
  return new Compiled(handle.seat);
}
