import type { RecordBatch, RecordBatchWriter, Schema as ArrowSchema } from 'apache-arrow';
import type { IpcLayout } from './arrow-batches.js';
import type { ArrowModule } from './load-arrow.js';

/**
 * Writes record batches as Arrow IPC, and gives the bytes of each as soon as it is written. (The library's own writer is a
 * queue without an end: whoever reads slowly would get all of it into memory.)
 */
export class IpcMessages {
  readonly #writer: RecordBatchWriter;
  #pieces: Uint8Array[] = [];
  #begun = false;

  constructor(arrow: ArrowModule, layout: IpcLayout) {
    const take = (bytes: Uint8Array): void => { this.#pieces.push(bytes); };
    this.#writer = new (layout === 'file' ? tapped(arrow.RecordBatchFileWriter, take) : tapped(arrow.RecordBatchStreamWriter, take))();
  }

  /** The bytes of a batch; in front of the first one those of the schema and the dictionaries. */
  batch(batch: RecordBatch): Uint8Array {
    this.#begun = true;
    this.#writer.write(batch);
    return this.#take();
  }

  /** The bytes at the end. @param schema asked for where there was no batch */
  end(schema: () => ArrowSchema): Uint8Array {
    if (!this.#begun) this.#writer.reset(undefined, schema());
    this.#writer.finish();
    return this.#take();
  }

  /** A copy in memory of its own: columns lie over chunk files, in shared memory, which streams and fetch refuse. */
  #take(): Uint8Array {
    const bytes = new Uint8Array(this.#pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    this.#pieces = [];
    return bytes;
  }
}

type WriterClass = new () => RecordBatchWriter;

/** A writer whose bytes go to `take` rather than into its queue. */
function tapped(Writer: WriterClass, take: (bytes: Uint8Array) => void): WriterClass {
  return class extends Writer {
    protected override _write(chunk: ArrayBufferView): this {
      if (this._started && chunk.byteLength > 0) {
        take(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        this._position += chunk.byteLength;
      }
      return this;
    }
  };
}
