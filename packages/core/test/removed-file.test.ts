import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { feedPaths, readRemoved, writeRemoved } from '../dist/index.js';

const UID = '00112233445566aa';
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-removed-'));
afterAll(() => { fs.rmSync(directory, { recursive: true, force: true }); });

const REMOVED = {
  chunkId: 3, firstSequence: 128, rows: 64, epoch: 1, gapBefore: 0, createdUs: 1, sealedUs: 2, sealReason: 1, sortedMask: 1, indexPoints: 0,
  ranges: [{ min: 10n, max: 20n }],
} as const;

test('the last chunk that was removed is read as it was written, or not at all: no digit of it may change', () => {
  const paths = feedPaths(directory, 'f');
  fs.mkdirSync(paths.directory, { recursive: true });
  writeRemoved(paths, UID, 'owner', REMOVED);
  expect(readRemoved(paths, UID, 1)).toEqual(REMOVED);
  const text = fs.readFileSync(paths.removed, 'utf8');
  const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
  for (const at of digits) {
    fs.writeFileSync(paths.removed, `${text.slice(0, at)}${text[at] === '7' ? 8 : 7}${text.slice(at + 1)}`);
    expect(() => readRemoved(paths, UID, 1), `digit at ${at}`).toThrow();
  }
  // Of an earlier version, which had none.
  fs.writeFileSync(paths.removed, text.replace(/,\s*"checksum": "\w+"/, ''));
  expect(readRemoved(paths, UID, 1)).toEqual(REMOVED);
});
