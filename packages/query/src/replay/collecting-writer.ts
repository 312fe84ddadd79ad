/** A writer that writes to no feed: for strategies in a backtest, whose records become part of the result. */
import { BELL, type FeedSpec, RING, type Schema, type SymbolDictionaryReader, compileSchema } from '@deepwater/core/engine';
import { Bell, type Ring, RowWriter, type SymbolCoder, rowRunClass, rowWriterClass } from '@deepwater/ring';
import { DecodeHelpers } from '../decode-values.js';

/** Rows that are held as they were written before they become objects: a power of two. */
const SLOTS = 1024;

/** What a strategy wrote to a feed. */
export interface WrittenRecords {
  /** How many records were written. */
  readonly count: number;
  /** The first of them, as objects. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** A ring's slots in memory of this thread, which its writer itself empties. The writers' code wants no more of a ring. */
function slotsInMemory(feedName: string, schema: Schema): Ring & { tail: number } {
  const { slotStride } = schema;
  const buffer = new SharedArrayBuffer(RING.HEADER_BYTES + SLOTS * slotStride);
  return { buffer, feedName, slotsOffset: RING.HEADER_BYTES, slotCount: SLOTS, slotStride, head: 0, tail: 0, persist: true } as unknown as Ring & { tail: number };
}

/** Checks records as any writer does, and keeps them. */
abstract class Collecting extends RowWriter {
  readonly #slots: Ring & { tail: number };
  readonly #run: InstanceType<ReturnType<typeof rowRunClass>>;
  readonly #records: Record<string, unknown>[] = [];

  constructor(spec: FeedSpec, private readonly keep: number) {
    const schema = compileSchema(spec);
    const slots = slotsInMemory(spec.name, schema);
    const texts = schema.fields.map(({ type }) => (type === 'symbol' ? [] as string[] : undefined));
    super(schema, slots, new Bell(new Int32Array(new SharedArrayBuffer(BELL.FILE_BYTES), BELL.WORD, 1)), texts.map((list) => (list === undefined ? undefined : coderOf(list))));
    this.#slots = slots;
    const symbols = { texts: (index: number) => texts[index], lost: () => [], reload() {}, path: '' } as unknown as SymbolDictionaryReader;
    this.#run = new (rowRunClass(schema))(new DecodeHelpers(spec.name, schema, symbols));
    this.#run.attach(slots.buffer, slots.slotsOffset, SLOTS * slots.slotStride);
  }

  get written(): WrittenRecords {
    this.waitForRoom();
    return { count: this.position, records: this.#records };
  }

  async flush(): Promise<void> {}
  async sync(): Promise<void> {}
  async close(): Promise<void> { this.end(); }
  async [Symbol.asyncDispose](): Promise<void> { this.end(); }

  /** Makes objects of what was written since. */
  protected waitForRoom(): void {
    const { position } = this;
    for (let at = this.#slots.tail; at < position && this.#records.length < this.keep; at++) {
      this.#run.show(at, 1, at % SLOTS);
      this.#records.push(this.#run.object(0));
    }
    this.#slots.tail = position;
  }
}

export type CollectingWriter = Collecting;

/** @param keep records that are kept; the others are counted */
export function collectingWriter(spec: FeedSpec, keep: number): CollectingWriter {
  return new (rowWriterClass(compileSchema(spec), Collecting))(spec, keep);
}

function coderOf(texts: string[]): SymbolCoder {
  const codes = new Map<string, number>();
  return {
    get size() { return texts.length; },
    code(text) {
      let code = codes.get(text);
      if (code === undefined) {
        codes.set(text, (code = texts.length));
        texts.push(text);
      }
      return code;
    },
  };
}
