import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DeepwaterError } from '@deepwater/core';
import { decompress } from 'fzstd';
import { oneSession, type Capture } from './capture.js';
import { isDailyBook, readDailyBook } from './daily-book.js';
import { isJsonlFormat, readJsonlFormat } from './jsonl-format.js';
import { isTextFormat, readTextFormat } from './text-format.js';
import { isTimedLine, readTimedLines } from './timed-lines.js';
import { isZip, onlyZipEntry } from './zip-entry.js';

const FORMATS: readonly (readonly [is: (line: string) => boolean, read: (path: string, lines: readonly string[]) => Capture])[] = [
  [isJsonlFormat, readJsonlFormat],
  [isTimedLine, readTimedLines],
  [isDailyBook, readDailyBook],
  [isTextFormat, readTextFormat],
];

/**
 * Reads files of any of the formats as one session. Format and packing (gzip, zstd, zip) are told by content, not by name.
 * @throws DeepwaterError DW_OPTION_INVALID for a file that is not there, or holds something else
 */
export function readCaptures(paths: readonly string[]): Capture {
  return oneSession(paths.map(readCapture));
}

function readCapture(path: string): Capture {
  const lines = textOf(path).split('\n');
  const first = lines.find((line) => line.trim() !== '');
  const format = first === undefined ? undefined : FORMATS.find(([is]) => is(first));
  if (format === undefined) {
    throw new DeepwaterError('DW_OPTION_INVALID', `captures: ${path} is in none of the formats that are known (see docs/REPLAY.md).`, { values: { path } });
  }
  return format[1](path, lines);
}

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    return unpacked(bytes).toString('utf8');
  } catch (cause) {
    throw new DeepwaterError('DW_OPTION_INVALID', `captures: ${path} cannot be read: ${(cause as Error).message}.`, { values: { path }, cause });
  }
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0x1f8b) return gunzipped(bytes);
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528) return Buffer.from(decompress(bytes));
  return isZip(bytes) ? onlyZipEntry(bytes) : bytes;
}

/** A recorder that was killed leaves a last member that breaks off: what is whole of it counts, to the end of a line. */
function gunzipped(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw error;
    const whole = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    const end = whole.lastIndexOf(0x0a);
    if (end < 0) throw error;
    return whole.subarray(0, end + 1);
  }
}
