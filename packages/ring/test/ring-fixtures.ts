/** Rings, writers and naive decoding for the tests of this package. */
import path from 'node:path';
import {
  type Field, POSITION, RING, type Schema, alignUp, compileSchema, describeValue, formatDecimal, parseFeedSpec, registerPublisher, reserveAddressSpace,
} from '@deepwater/core';
import { Bell, Ring, type RingIdentity, RowWriter, type SymbolCoder, createRing, ringFileBytes, rowWriterClass } from '../dist/index.js';
import { temporaryDirectory } from '../../core/test/mapping-tools.js';

export { assertProperty, feedSpecs, SEED } from '../../core/test/schema-arbitraries.js';
export { Peer, afterThisTest, collectedUntil, fill, mappingsOf, runScript, smallFileSystem, temporaryDirectory, thrownBy } from '../../core/test/mapping-tools.js';

export const compile = (input: unknown): Schema => compileSchema(parseFeedSpec(input));

export const TRADES = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'timestamp_us', type: 'uint64' },
  ],
  timestamp: 'timestamp_us',
};
export const trades = compile(TRADES);

export const FEED_UID = '00112233445566ff';

export const identity = (more: Partial<RingIdentity> = {}): RingIdentity => ({
  feedName: 'trades', feedUid: FEED_UID, storeId: '0f'.repeat(16), bootId: 'b0'.repeat(16), persist: true, slotCount: 64, baseSequence: 0,
  createdUs: 1_738_368_000_000_000, ...more,
});

/** A ring in anonymous memory: as one in a file, without the file. */
export function memoryRing(schema: Schema, more: Partial<RingIdentity> = {}): Ring {
  const id = identity(more);
  const fileBytes = ringFileBytes(schema, id.slotCount);
  const memory = reserveAddressSpace(alignUp(fileBytes, 65536), 'a test');
  const ring = new Ring({ memory, buffer: memory.buffer as SharedArrayBuffer, fileBytes, scratchOffset: fileBytes }, 'memory');
  ring.writeIdentity(id, schema);
  return ring;
}

/** A ring in a file of a temporary directory. */
export function fileRing(schema: Schema, more: Partial<RingIdentity> = {}): Ring {
  return createRing(path.join(temporaryDirectory(), 'trades.ring'), 'owner', schema, identity(more), 0);
}

export const silentBell = (): Bell => new Bell(new Int32Array(new SharedArrayBuffer(8), 0, 1));

/** Numbers symbols in the order they come. */
export class ListCoder implements SymbolCoder {
  readonly texts: string[] = [];
  get size(): number {
    return this.texts.length;
  }
  code(text: string): number {
    const known = this.texts.indexOf(text);
    return known >= 0 ? known : this.texts.push(text) - 1;
  }
}

/** Makes room by moving the ring's tail: whoever asks is told what stands in the ring before. */
export abstract class TestWriter extends RowWriter {
  waits = 0;
  /** Positions at which it was said that the ring fills. */
  readonly fills: number[] = [];

  constructor(schema: Schema, ring: Ring, readonly onFull: (ring: Ring, tail: number) => void = drainAll, bell: Bell = silentBell()) {
    super(schema, ring, bell, schema.fields.map((field) => (field.type === 'symbol' ? new ListCoder() : undefined)));
  }

  coder(field: Field): ListCoder {
    return this.symbols[field.index] as ListCoder;
  }

  protected override waitForRoom(): void {
    this.waits++;
    this.onFull(this.ring, this.ring.tail);
  }

  protected override ringFills(): void {
    this.fills.push(this.position);
  }

  override end(): void {
    super.end();
  }

  /** As if this many records had been written since the writer last looked at the tail. */
  age(records: number): void {
    this.tailLo = (this.lo - records) | 0;
  }
}

function drainAll(ring: Ring): void {
  ring.resetPosition(RING.TAIL, ring.head);
}

export const variants = [['plain', true], ['atomic', false]] as const;

export function writerOn(ring: Ring, schema: Schema, plain: boolean, onFull?: (ring: Ring, tail: number) => void, bell?: Bell): TestWriter {
  if (plain) registerPublisher(); // what publishes without fences has to take those of others
  const Compiled = rowWriterClass(schema, TestWriter, plain);
  return new Compiled(schema, ring, onFull, bell);
}

/** The three words of the head: nothing is published as long as they are the same. */
export const headWords = (ring: Ring): number[] => [POSITION.LOW, POSITION.HIGH_A, POSITION.HIGH_B].map((at) => ring.words[(RING.HEAD + at) >> 2]);

/** The cell of a field in the slot of a sequence number, read without any of the code under test. */
export function decodeCell(ring: Ring, schema: Schema, field: Field, sequence: number, coder?: ListCoder): unknown {
  const slot = Number(BigInt(sequence) % BigInt(ring.slotCount));
  const at = RING.HEADER_BYTES + slot * schema.slotStride + field.slotOffset;
  return decodeAt(new DataView(ring.buffer), at, field, coder);
}

/** A cell as the value that stands for it in these tests: 64-bit integers as bigint, decimals as text. */
export function decodeAt(view: DataView, at: number, field: Field, coder?: ListCoder): unknown {
  switch (field.type) {
    case 'char': return String.fromCharCode(view.getUint8(at));
    case 'int8': return view.getInt8(at);
    case 'uint8': return view.getUint8(at);
    case 'int16': return view.getInt16(at, true);
    case 'uint16': return view.getUint16(at, true);
    case 'int32': return view.getInt32(at, true);
    case 'uint32': return view.getUint32(at, true);
    case 'int64': return view.getBigInt64(at, true);
    case 'uint64': return view.getBigUint64(at, true);
    case 'float32': return view.getFloat32(at, true);
    case 'float64': return view.getFloat64(at, true);
    case 'bool': return view.getUint8(at) === 1 ? true : view.getUint8(at) === 0 ? false : view.getUint8(at);
    case 'decimal': return formatDecimal(view.getBigInt64(at, true), field.scale as number);
    case 'symbol': return coder?.texts[view.getUint32(at, true)];
    case 'string': {
      const bytes = Buffer.from(view.buffer, view.byteOffset + at, field.width);
      const end = bytes.indexOf(0);
      const text = bytes.subarray(0, end < 0 ? field.width : end);
      if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)) return `rubbish after ${describeValue(text.toString())}`;
      return text.toString('utf8');
    }
  }
}
