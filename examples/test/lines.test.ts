import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readLines } from '../dist/sources/lines.js';
import { SourceError } from '../dist/sources/source-error.js';
import { temporaryFile, zip } from './support/archives.js';

async function linesOf(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const block of readLines(path)) lines.push(...block);
  return lines;
}

/** Of several inflated pieces, with lines across their ends. */
const MANY = Array.from({ length: 100_000 }, (_, i) => `${i},${'x'.repeat(i % 37)}`);

test('a gzip file gives the lines it was made of, whether or not the last has a line end', async () => {
  expect(await linesOf(temporaryFile('a.gz', gzipSync(MANY.join('\n'))))).toEqual(MANY);
  expect(await linesOf(temporaryFile('a.gz', gzipSync(MANY.join('\n') + '\n')))).toEqual(MANY);
});

test('a zip file gives the lines of its entry', async () => {
  expect(await linesOf(temporaryFile('a.zip', zip({ 'a.csv': MANY.join('\n') })))).toEqual(MANY);
});

test('carriage returns are part of the line end, wherever the inflated pieces end', async () => {
  expect(await linesOf(temporaryFile('a.gz', gzipSync(MANY.join('\r\n'))))).toEqual(MANY);
  expect(await linesOf(temporaryFile('a.zip', zip({ 'a.csv': MANY.join('\r\n') + '\r\n' })))).toEqual(MANY);
});

test('an empty file has no lines, and empty lines are lines', async () => {
  expect(await linesOf(temporaryFile('a.gz', gzipSync('')))).toEqual([]);
  expect(await linesOf(temporaryFile('a.gz', gzipSync('\n\na\n')))).toEqual(['', '', 'a']);
});

test('a gzip file that is cut short is an error that names the file', async () => {
  const whole = gzipSync(MANY.join('\n'));
  const path = temporaryFile('short.gz', whole.subarray(0, whole.length - 9));
  await expect(linesOf(path)).rejects.toThrow(SourceError);
  await expect(linesOf(path)).rejects.toThrow('short.gz: unexpected end of file');
});

test('a zip entry whose checksum is wrong is an error', async () => {
  const path = temporaryFile('bad.zip', zip({ 'a.csv': MANY.join('\n') }, { wrongCrc: true }));
  await expect(linesOf(path)).rejects.toThrow(/bad\.zip: CRC-32 is \d+, the archive says \d+/);
});

test('a zip file with two entries is refused, for their order would be a guess', async () => {
  const path = temporaryFile('two.zip', zip({ 'a.csv': '1', 'b.csv': '2' }));
  await expect(linesOf(path)).rejects.toThrow('2 entries where one was expected');
});

test('a file that is not there is an error that names it', async () => {
  await expect(linesOf('/nowhere/a.gz')).rejects.toThrow(/\/nowhere\/a\.gz: ENOENT/);
  await expect(linesOf('/nowhere/a.zip')).rejects.toThrow(/\/nowhere\/a\.zip: ENOENT/);
});
