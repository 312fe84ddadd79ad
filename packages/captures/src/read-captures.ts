import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DeepwaterError } from '@deepwater/core';
import { decompress } from 'fzstd';
import { type Capture, CaptureBuilder } from './capture.js';
import { CaptureLines } from './capture-lines.js';
import { isZip, onlyZipEntry } from './zip-entry.js';

const LF = 0x0a;

/**
 * Reads files of any of the formats as one session. Format and packing (gzip, zstd, zip) are told by content, not by name.
 * @throws DeepwaterError DW_OPTION_INVALID for a file that is not there, or holds something else
 */
export function readCaptures(paths: readonly string[]): Capture {
  const builder = new CaptureBuilder();
  for (const path of paths) {
    const lines = new CaptureLines(path, builder);
    const bytes = bytesOf(path);
    let number = 0;
    // Line by line: one text of all of them may be longer than texts can be.
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(LF, at);
      lines.line(bytes.toString('utf8', at, end < 0 ? bytes.length : end), ++number);
      at = end < 0 ? bytes.length : end + 1;
    }
    lines.end();
  }
  return builder.build();
}

function bytesOf(path: string): Buffer {
  try {
    return unpacked(readFileSync(path));
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
    const end = whole.lastIndexOf(LF);
    if (end < 0) throw error;
    return whole.subarray(0, end + 1);
  }
}
