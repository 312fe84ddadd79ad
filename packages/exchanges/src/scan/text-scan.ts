/**
 * A cursor over the JSON text of a frame whose form is known, for frames that come by the ten thousand a second. It reads what exchanges really send:
 * ASCII, no white space, texts without escapes, whole numbers of at most 15 digits. Anything else is not refused but not understood, and is left to
 * JSON.parse: whoever scans a frame to its end has the values that JSON.parse would have given.
 *
 * The text is copied to bytes first, with a 0 behind it, which nothing that is expected holds: no look goes beyond the end. Bytes are compared four at a
 * time; `charCodeAt` has to ask each time what kind of string it is.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
/** Numbers of so many digits are all exact. */
const DIGITS_MAX = 15;
/** Room that is kept; for a longer text it is made, and let go with it. */
const KEPT_BYTES = 256 * 1024;
/** Behind the text: a character that is not ASCII takes more bytes than it has code units, and must find the room to show it. */
const SPARE_BYTES = 16;

/** A piece of text that is expected as it stands: its bytes, four to a word, and what is over. */
export interface Literal {
  readonly words: Int32Array;
  readonly rest: Uint8Array;
}

export function literal(text: string): Literal {
  const bytes = Buffer.from(text, 'latin1');
  const whole = bytes.length >> 2;
  return { words: Int32Array.from({ length: whole }, (_, i) => bytes.readInt32LE(4 * i)), rest: Uint8Array.from(bytes.subarray(4 * whole)) };
}

/** The bytes of a text, seen in three ways. */
class Room {
  readonly buffer: Buffer;
  readonly bytes: Uint8Array;
  readonly words: DataView;

  constructor(length: number) {
    const memory = new ArrayBuffer(length);
    this.buffer = Buffer.from(memory);
    this.bytes = new Uint8Array(memory);
    this.words = new DataView(memory);
  }
}

export class TextScan {
  at = 0;
  /** What `amount` read last: 6400012 and 2 for 64000.12. */
  digits = 0;
  decimals = 0;
  #text = '';
  readonly #kept = new Room(KEPT_BYTES);
  #bytes = this.#kept.bytes;
  #words = this.#kept.words;

  /** @returns false for a text that is not ASCII throughout */
  begin(text: string): boolean {
    const { length } = text;
    const room = length + SPARE_BYTES <= KEPT_BYTES ? this.#kept : new Room(length + SPARE_BYTES);
    if (room.buffer.write(text, 0, 'utf8') !== length) return false;
    room.bytes[length] = 0;
    this.#bytes = room.bytes;
    this.#words = room.words;
    this.#text = text;
    this.at = 0;
    return true;
  }

  /** Lets go of the text: a frame may have megabytes. */
  end(): void {
    this.#text = '';
    this.#bytes = this.#kept.bytes;
    this.#words = this.#kept.words;
  }

  get atEnd(): boolean {
    return this.at === this.#text.length;
  }

  /** The character here, 0 at the end. */
  get code(): number {
    return this.#bytes[this.at] as number;
  }

  /** Goes past a character, where it is the one. */
  skip(code: number): boolean {
    if (this.#bytes[this.at] !== code) return false;
    this.at++;
    return true;
  }

  /** Goes past a piece of text, where it is here. Near the end of the room there may be less than a word: the spare bytes are for that, too. */
  is(expected: Literal): boolean {
    const { words, rest } = expected;
    let at = this.at;
    for (let i = 0; i < words.length; i++, at += 4) if (this.#words.getInt32(at, true) !== words[i]) return false;
    for (let i = 0; i < rest.length; i++, at++) if (this.#bytes[at] !== rest[i]) return false;
    this.at = at;
    return true;
  }

  /** What stands from here to the next quote, and goes past that; undefined for a text with escapes, or without an end. */
  rest(): string | undefined {
    const from = this.at;
    return this.pass() ? this.#text.substring(from, this.at - 1) : undefined;
  }

  /** Goes past a text that stood in this frame before, with its quote. @param from where @param length without the quote */
  isAgain(from: number, length: number): boolean {
    const { at } = this;
    const whole = (length + 1) & ~3;
    const words = this.#words;
    for (let i = 0; i < whole; i += 4) if (words.getInt32(at + i, true) !== words.getInt32(from + i, true)) return false;
    const bytes = this.#bytes;
    for (let i = whole; i <= length; i++) if (bytes[at + i] !== bytes[from + i]) return false;
    this.at = at + length + 1;
    return true;
  }

  /** As `rest`, without making the text. */
  pass(): boolean {
    const bytes = this.#bytes;
    const { length } = this.#text;
    for (let at = this.at; at < length; at++) {
      const code = bytes[at] as number;
      if (code === QUOTE) {
        this.at = at + 1;
        return true;
      }
      if (code === BACKSLASH || code < SPACE) return false;
    }
    return false;
  }

  /**
   * Reads an amount into `digits` and `decimals`, and goes past its quote: digits, at most 15, with a point between two of them or none. @returns false
   * for anything else, and for zeros in front, which would be lost
   */
  amount(): boolean {
    const bytes = this.#bytes;
    const from = this.at;
    let at = from;
    let value = 0;
    let point = -1;
    for (;; at++) {
      const code = bytes[at] as number;
      const digit = code - 48;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (code === POINT && point < 0) point = at;
      else if (code === QUOTE) break;
      else return false;
    }
    const digits = at - from - (point < 0 ? 0 : 1);
    if (digits === 0 || digits > DIGITS_MAX || point === from || point === at - 1) return false;
    if (bytes[from] === ZERO && digits > 1 && point !== from + 1) return false;
    this.digits = value;
    this.decimals = point < 0 ? 0 : at - 1 - point;
    this.at = at + 1;
    return true;
  }

  /** A whole number from 0; -1 for anything else, for a leading zero, which JSON has not, and for too many digits. */
  whole(): number {
    const bytes = this.#bytes;
    const from = this.at;
    let value = 0;
    let at = from;
    for (;; at++) {
      const digit = (bytes[at] as number) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const digits = at - from;
    if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[from] === 48)) return -1;
    this.at = at;
    return value;
  }

  /** After a value of a list or an object: true where another follows, false at its end, undefined for anything else. */
  more(close: number): boolean | undefined {
    const code = this.#bytes[this.at++];
    return code === COMMA ? true : code === close ? false : undefined;
  }
}
