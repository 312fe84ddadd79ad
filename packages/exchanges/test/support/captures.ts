/** Whole recordings of real exchanges, where there are any: what DEEPWATER_RECORDINGS names, else `../shared/data` seen from the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { decompress } from 'fzstd';

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));
const folder = [process.env['DEEPWATER_RECORDINGS'], BESIDE_THE_REPOSITORY].find((path) => path !== undefined && existsSync(path));

/** Why tests over recordings are left out; undefined where they are not. */
export const noCaptures = folder === undefined ? 'there are no recordings beside the repository' : undefined;

/** Where a recording lies; only where there are any. */
export const captureFile = (name: string): string => join(folder!, name);

/** The name of tests over recordings: it has the reason where they are left out. */
export const withCaptures = (name: string): string => (noCaptures === undefined ? name : `${name} (${noCaptures})`);

/** The lines of a recording: gzip, zstd, or a zip with one entry. */
export function captureLines(name: string): string[] {
  const bytes = readFileSync(captureFile(name));
  const text = name.endsWith('.gz') ? gunzipSync(bytes) : name.endsWith('.zst') ? decompress(bytes) : entryOf(bytes);
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
