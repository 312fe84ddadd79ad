import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';

/** Real recordings lie beside the checkout; they are not part of the repository. DEEPWATER_RECORDINGS names another place. */
const folder = process.env['DEEPWATER_RECORDINGS'] ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

export const hasSharedData = existsSync(join(folder, 'README.md'));
/** Why tests are skipped. */
export const NO_DATA = hasSharedData ? '' : ` (skipped: no captures in ${folder})`;

export const shared = (name: string): string => join(folder, name);

/** The lines of a packed file, read without anything of the package under test. */
export function linesOf(name: string): string[] {
  const bytes = readFileSync(shared(name));
  const text = name.endsWith('.zst') ? Buffer.from(decompress(bytes)) : gunzipSync(bytes);
  return text.toString('utf8').split('\n').filter((line) => line !== '');
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
