// Started as a process with a time limit: opens rings whose first page was damaged anywhere.
import fs from 'node:fs';
import path from 'node:path';
import { RING, compileSchema, parseFeedSpec } from '@deepwater/core';
import { createRing, gatherField, oldestSafe, openRing } from '../../dist/index.js';

const [directory, seed] = process.argv.slice(2);
let state = Number(seed) | 1;
const random = (below) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
};

const schema = compileSchema(parseFeedSpec({ name: 'f', fields: [{ name: 'a', type: 'uint64' }, { name: 'b', type: 'char' }], timestamp: 'a' }));
const file = path.join(directory, 'it.ring');
const identity = { feedName: 'f', feedUid: '01'.repeat(8), storeId: '02'.repeat(16), bootId: '03'.repeat(16), persist: true, slotCount: 64, baseSequence: 5, createdUs: 0 };
const ring = createRing(file, 'owner', schema, identity, 0);
ring.resetPosition(RING.HEAD, 100);
ring.resetPosition(RING.TAIL, 60);
const page = new Uint8Array(ring.buffer, 0, RING.HEADER_BYTES);
const whole = page.slice();
let looked = 0;
for (let i = 0; i < 2000; i++) {
  page.set(whole);
  // One in two rounds hits the words of the positions, where checksums do not help.
  const near = (i & 1) === 0 ? 0 : RING.HEAD;
  for (let n = random(8) + 1; n > 0; n--) page[near + random((i & 1) === 0 ? 4096 : 160)] = random(256);
  try {
    const opened = openRing(file, schema, identity.feedUid, 'read-only');
    const { head, tail } = opened;
    if (!(tail <= head && head <= Number.MAX_SAFE_INTEGER && head >= opened.baseSequence)) throw new Error(`head ${head}, tail ${tail}`);
    gatherField(opened, schema.fields[0], Math.max(oldestSafe(opened, head), head - 10), head, new Uint8Array(160), 0);
  } catch (error) {
    if (error.code !== 'DW_FILE_CORRUPT') throw error;
  }
  looked++;
}
fs.writeSync(1, `looked at ${looked} rings\n`);
