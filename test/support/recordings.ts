import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { decompress } from 'fzstd';

/** Real recordings lie beside the checkout; they are not part of the repository. DEEPWATER_RECORDINGS names another place. */
const folder = process.env['DEEPWATER_RECORDINGS'] ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

export const hasSharedData = existsSync(join(folder, 'README.md'));
/** Why tests are skipped. */
export const NO_DATA = hasSharedData ? '' : ` (skipped: no captures in ${folder})`;

export const shared = (name: string): string => join(folder, name);

/** The lines of a packed file (gzip, zstd, or a zip with one entry), read without anything of the package under test. */
export function linesOf(name: string): string[] {
  const bytes = readFileSync(shared(name));
  const text = name.endsWith('.zst') ? decompress(bytes) : name.endsWith('.zip') ? entryOf(bytes) : gunzipSync(bytes);
  return Buffer.from(text).toString('utf8').split('\n').filter((line) => line !== '');
}

/** The only entry of a zip file, found through its directory, which is at the end. */
function entryOf(zip: Buffer): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const entry = zip.readUInt32LE(end + 16);
  const size = zip.readUInt32LE(entry + 20);
  const local = zip.readUInt32LE(entry + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const bytes = zip.subarray(start, start + size);
  return zip.readUInt16LE(entry + 10) === 0 ? bytes : inflateRawSync(bytes);
}

/** Received frames of cryptofeed's text files, with their times (µs). */
export const textFramesWithTimes = (name: string): [us: number, text: string][] => linesOf(name).filter((line) => /^\d+\.?\d*: /.test(line))
  .map((line) => [Math.round(Number(line.slice(0, line.indexOf(':'))) * 1e6), line.slice(line.indexOf(': ') + 2)]);

export const textFrames = (name: string): string[] => textFramesWithTimes(name).map(([, text]) => text);

/** Received frames of format 2, those of one connection where it is given. */
export function jsonlFrames(name: string, connection?: string): string[] {
  return linesOf(name).map((line) => JSON.parse(line) as { t: string; conn: string; data: string })
    .filter(({ t, conn }) => t === 'recv' && (connection === undefined || conn === connection)).map(({ data }) => data);
}
