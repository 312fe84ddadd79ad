/** MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), as far as the Python Deepwater's schemas use it: arrays, whole numbers, texts. */

export type Packed = number | string | readonly Packed[];

const DEPTH_MAX = 8;

/** @throws Error for anything else, for what is cut off, and for bytes behind it */
export function decodeMessagePack(bytes: Buffer): Packed {
  const reader = new MessagePackReader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new Error(`it goes on behind its end, at byte ${reader.at}`);
  return value;
}

class MessagePackReader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  value(depth: number): Packed {
    const tag = this.#uint(1);
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag >= 0x90 && tag <= 0x9f) return this.#array(tag & 0x0f, depth);
    if (tag >= 0xa0 && tag <= 0xbf) return this.#text(tag & 0x1f);
    switch (tag) {
      case 0xcc: return this.#uint(1);
      case 0xcd: return this.#uint(2);
      case 0xce: return this.#uint(4);
      case 0xd9: return this.#text(this.#uint(1));
      case 0xda: return this.#text(this.#uint(2));
      case 0xdc: return this.#array(this.#uint(2), depth);
      default: throw new Error(`byte ${this.at - 1} is 0x${tag.toString(16)}, where an array, a whole number or a text is expected`);
    }
  }

  #array(length: number, depth: number): readonly Packed[] {
    if (depth >= DEPTH_MAX) throw new Error('its arrays are nested too deep');
    // Each element takes a byte at least: a length that cannot be is not made room for.
    if (length > this.bytes.length - this.at) throw this.#cutOff();
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #text(length: number): string {
    if (length > this.bytes.length - this.at) throw this.#cutOff();
    return this.bytes.toString('utf8', this.at, (this.at += length));
  }

  #uint(width: 1 | 2 | 4): number {
    if (width > this.bytes.length - this.at) throw this.#cutOff();
    this.at += width;
    return this.bytes.readUIntBE(this.at - width, width);
  }

  #cutOff(): Error {
    return new Error(`it is cut off at byte ${this.bytes.length}`);
  }
}
