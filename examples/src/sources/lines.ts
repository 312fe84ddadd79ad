import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { crc32, createGunzip } from 'node:zlib';
import { openPromise } from 'yauzl';
import { SourceError } from './source-error.js';

/** A line longer than this is not market data of any format here; the limit keeps a damaged file from filling memory. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024;

/**
 * The lines of a `.gz` file, or of the only entry of a `.zip` file, in order and without their line ends.
 * They come in arrays, one for each inflated piece, because an `await` per line would cost more than parsing it.
 * A last line without a line end counts. Text is taken as Latin-1: all formats here are ASCII.
 *
 * @throws SourceError when the file is not what its name says, is cut short, or fails its CRC-32.
 */
export async function* readLines(path: string): AsyncGenerator<string[], void, undefined> {
  let rest = '';
  try {
    for await (const piece of path.endsWith('.zip') ? inflateOnlyEntry(path) : gunzip(path)) {
      const text = rest + piece.toString('latin1');
      const end = text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      if (rest.length > LINE_LENGTH_MAX) throw new SourceError(`a line of more than ${LINE_LENGTH_MAX} characters`);
      if (end >= 0) yield splitLines(text.slice(0, end));
    }
  } catch (error) {
    throw new SourceError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  if (rest !== '') yield splitLines(rest);
}

function splitLines(text: string): string[] {
  // Only the OANDA files have carriage returns; looking for one is cheaper than a split by expression for all.
  return text.includes('\r') ? text.split(/\r?\n/).map((line) => line.replace(/\r$/, '')) : text.split('\n');
}

function gunzip(path: string): AsyncIterable<Buffer> {
  // pipeline() hands a read error on by destroying the gunzip stream with it; the loop over that stream then throws.
  return pipeline(createReadStream(path), createGunzip({ chunkSize: 256 * 1024 }), () => {});
}

async function* inflateOnlyEntry(path: string): AsyncGenerator<Buffer, void, undefined> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    if (zip.entryCount !== 1) throw new SourceError(`${zip.entryCount} entries where one was expected`);
    for await (const entry of zip.eachEntry()) {
      let crc = 0;
      for await (const piece of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
        crc = crc32(piece, crc);
        yield piece;
      }
      // yauzl checks the sizes; the checksum is left to its caller.
      if (crc !== entry.crc32) throw new SourceError(`CRC-32 is ${crc}, the archive says ${entry.crc32}`);
    }
  } finally {
    zip.close();
  }
}
