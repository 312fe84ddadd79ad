/**
 * Python's `struct.pack` for little-endian formats, and MessagePack's arrays: what the Python Deepwater writes its store with. The tests write stores by the format strings of
 * docs/PYTHON-STORE.md, not by the offsets that the importer reads.
 */

type Value = number | bigint | string | boolean | Uint8Array;

const INTEGERS: Readonly<Record<string, number>> = { b: 1, B: 1, h: 2, H: 2, i: 4, I: 4, q: 8, Q: 8 };

/** `pack('<QBB6x', [7, 1, 2])` */
export function pack(format: string, values: readonly Value[]): Buffer {
  if (!format.startsWith('<')) throw new Error(`${format} is not little-endian`);
  const parts: Buffer[] = [];
  let next = 0;
  for (const [, digits, code] of format.slice(1).matchAll(/(\d*)([a-zA-Z?])/g)) {
    const count = digits === '' ? 1 : Number(digits);
    if (code === 'x') parts.push(Buffer.alloc(count));
    else if (code === 's') parts.push(padded(values[next++]!, count));
    else for (let n = 0; n < count; n++) parts.push(packOne(code!, values[next++]!));
  }
  if (next !== values.length) throw new Error(`${format} takes ${next} values, not ${values.length}`);
  return Buffer.concat(parts);
}

function packOne(code: string, value: Value): Buffer {
  if (code === 'c') return padded(value, 1);
  if (code === '?') return Buffer.from([value === false || value === 0 ? 0 : 1]);
  if (code === 'e') return half(Number(value));
  const bytes = Buffer.alloc(code === 'f' ? 4 : code === 'd' ? 8 : INTEGERS[code]!);
  if (code === 'f') bytes.writeFloatLE(Number(value));
  else if (code === 'd') bytes.writeDoubleLE(Number(value));
  else if (bytes.length === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as number)));
  else bytes.writeUIntLE(Number(BigInt.asUintN(bytes.length * 8, BigInt(value as number))), 0, bytes.length);
  return bytes;
}

function padded(value: Value, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.set((typeof value === 'string' ? Buffer.from(value) : value as Uint8Array).subarray(0, length));
  return bytes;
}

/** binary16, of values that it holds. */
function half(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  if (value === 0) return bytes;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  const normal = Math.abs(value) >= 2 ** -14;
  const fraction = Math.abs(value) / 2 ** exponent - (normal ? 1 : 0);
  bytes.writeUInt16LE((value < 0 ? 0x8000 : 0) | ((normal ? exponent + 15 : 0) << 10) | (fraction * 1024));
  return bytes;
}

export type Packable = number | string | readonly Packable[];

export function messagePack(value: Packable): Buffer {
  if (typeof value === 'number') {
    if (value < 128) return Buffer.from([value]);
    return value < 256 ? Buffer.from([0xcc, value]) : Buffer.from([0xcd, value >> 8, value & 255]);
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([text.length < 32 ? Buffer.from([0xa0 | text.length]) : Buffer.from([0xd9, text.length]), text]);
  }
  return Buffer.concat([value.length < 16 ? Buffer.from([0x90 | value.length]) : Buffer.from([0xdc, value.length >> 8, value.length & 255]), ...value.map(messagePack)]);
}
