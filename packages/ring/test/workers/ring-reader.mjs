// Started as a process: takes the self-checking records of a ring up to a number, and tells how many it took and lost.
import { RingCursor, SPIN_THEN_PARK, gatherField, openRing } from '../../dist/index.js';
import { hashOf, letterOf, schema, thirdOf } from './checked-records.mjs';

const [path, feedUid, end] = process.argv.slice(2);
const ring = openRing(path, schema, feedUid, 'read-only');
const cursor = new RingCursor(ring);
const { slotCount } = ring;
const columns = [new Uint32Array(slotCount), new Float64Array(slotCount), new Uint8Array(slotCount), new BigUint64Array(slotCount)];
const [hash, third, letter, ts] = columns;
let taken = 0;
let wrong = 0;
process.send('ready');
while (cursor.next < Number(end)) {
  // Without a bell: as a reader does that may not write.
  cursor.wait(SPIN_THEN_PARK, undefined, true, 10_000);
  const { from, to } = cursor.take(500, (first, last) => {
    columns.forEach((column, i) => gatherField(ring, schema.fields[i], first, last, new Uint8Array(column.buffer), 0));
  });
  for (let s = from, i = 0; s < to; s++, i++) {
    if (hash[i] !== hashOf(s) || third[i] !== thirdOf(s) || letter[i] !== letterOf(s) || Number(ts[i]) !== s) wrong++;
  }
  taken += to - from;
}
process.send({ taken, lost: cursor.lost, wrong }, () => process.disconnect());
