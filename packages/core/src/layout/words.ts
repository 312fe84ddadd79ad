/** Helpers for the 64-bit little-endian integers of our files, held in JavaScript as safe integers or hex strings. */

const TWO_32 = 4294967296;

/** Low 32 bits of a safe integer, as an int32 (typed arrays and Atomics take that). */
export const lowWord = (value: number): number => value | 0;
/** Bits 32 to 63 of a non-negative safe integer. */
export const highWord = (value: number): number => Math.floor(value / TWO_32) | 0;
/** The number whose words these are. */
export const joinWords = (low: number, high: number): number => (high >>> 0) * TWO_32 + (low >>> 0);

export function putU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % TWO_32, true);
  view.setUint32(offset + 4, Math.floor(value / TWO_32), true);
}

/** Reads an unsigned 64-bit integer; values past 2^53 lose precision, which checked headers never hold. */
export function getU64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

export function putText(view: DataView, offset: number, length: number, text: string): void {
  const target = new Uint8Array(view.buffer, view.byteOffset + offset, length);
  const bytes = Buffer.from(text, 'utf8');
  target.fill(0);
  target.set(bytes.subarray(0, length));
}

export function getText(view: DataView, offset: number, length: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, length);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? length : end);
}

/** Fixed-size ids (store, feed, boot, schema) are hex strings in JavaScript and bytes in files. */
export function putHex(view: DataView, offset: number, length: number, hex: string): void {
  new Uint8Array(view.buffer, view.byteOffset + offset, length).set(Buffer.from(hex.padEnd(length * 2, '0').slice(0, length * 2), 'hex'));
}

export function getHex(view: DataView, offset: number, length: number): string {
  return Buffer.from(view.buffer, view.byteOffset + offset, length).toString('hex');
}
