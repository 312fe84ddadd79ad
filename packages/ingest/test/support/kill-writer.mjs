// A writer that is going to be killed: writes self-checking records in every way there is, as fast as it can, and notes
// in a small file what has been acknowledged. Arguments: source JSON, seed, path of the notes.
import fs from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { IngestService } from '@deepwater/ingest';

const [, , sourceJson, seedText, notesPath] = process.argv;
const source = JSON.parse(sourceJson);
let state = Number(seedText) >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
const recordOf = (n) => [n, (n * n) % 1_000_003, n % 3 === 0 ? 'B' : 'S', n % 65536, 1_700_000_000_000_000 + n * 7];

const notes = fs.openSync(notesPath, 'r+');
const note = Buffer.alloc(24);
function tell(index, value) {
  note.writeDoubleLE(value, index * 8);
  fs.writeSync(notes, note, 0, 24, 0);
}

// Started ahead of time: begins when told to.
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();

const indexed = source.spec.mode === 'IF';
/** Every 997th record is an index point, however it is written. */
const mark = () => { if (indexed && writer.position % 997 === 0) writer.markIndex(); };
const rowsToMark = (from) => (indexed ? 997 - (from % 997) : Infinity);

const service = IngestService.start({ access: 'owner' });
const writer = await service.openWriter(source);
tell(2, writer.position + 1); // opened, at this number (plus one: zero means not yet)
for (;;) {
  const pick = random();
  if (pick < 0.5) {
    for (let i = 1 + Math.floor(random() * 400); i > 0; i--) {
      mark();
      writer.writeValues(...recordOf(writer.position));
    }
  } else if (pick < 0.7) {
    const from = writer.position;
    const records = Array.from({ length: Math.min(1 + Math.floor(random() * 3000), rowsToMark(from)) }, (_, i) => recordOf(from + i));
    mark();
    writer.writeColumns({
      sequence: Float64Array.from(records, (r) => r[0]),
      square: Float64Array.from(records, (r) => r[1]),
      side: records.map((r) => r[2]),
      small: Uint16Array.from(records, (r) => r[3]),
      timestamp_us: records.map((r) => r[4]),
    });
  } else if (pick < 0.9) {
    const target = writer.position;
    await writer.flush();
    tell(0, target);
  } else if (pick < 0.93) {
    const target = writer.position;
    await writer.sync();
    tell(1, target);
  } else {
    await immediate();
  }
}
