// A writer that is going to be killed: writes self-checking records in every way there is, as fast as it can, and notes in a small
// file what has been acknowledged. Where nobody kills it, it closes after a while and ends.
// Arguments: source (JSON), seed, path of the notes, turns. Begins when something comes on its standard input.
import './hook.mjs';
import fs from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { IngestService } from '../../dist/index.js';
import { isMarked, randomFrom, recordOf } from './record.mjs';

const [, , sourceJson, seedText, notesPath, turns] = process.argv;
const source = JSON.parse(sourceJson);
const random = randomFrom(Number(seedText));

await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();

const notes = fs.openSync(notesPath, 'r+');
const note = Buffer.alloc(32);
/** @param index 0 flushed, 1 synced, 2 opened at, plus one, 3 turns made */
function tell(index, value) {
  note.writeDoubleLE(value, index * 8);
  fs.writeSync(notes, note, 0, 32, 0);
}

const indexed = source.spec.mode === 'IF';
const service = IngestService.start({ access: 'owner' });
const writer = await service.openWriter(source);
tell(2, writer.position + 1);
for (let turn = 0; turn < Number(turns); turn++) {
  tell(3, turn + 1);
  const pick = random();
  if (pick < 0.5) {
    for (let i = 1 + Math.floor(random() * 400); i > 0; i--) {
      if (indexed && isMarked(writer.position)) writer.markIndex();
      writer.writeValues(...recordOf(writer.position));
    }
  } else if (pick < 0.7) {
    const from = writer.position;
    // Of a batch only the first record can be marked.
    const toMark = indexed ? 997 - (from % 997) : Infinity;
    const records = Array.from({ length: Math.min(1 + Math.floor(random() * 3000), toMark) }, (_, i) => recordOf(from + i));
    if (indexed && isMarked(from)) writer.markIndex();
    writer.writeColumns({
      sequence: Float64Array.from(records, (r) => r[0]), square: Float64Array.from(records, (r) => r[1]), side: records.map((r) => r[2]),
      small: Uint16Array.from(records, (r) => r[3]), symbol: records.map((r) => r[4]), timestamp_us: records.map((r) => r[5]),
    });
  } else if (pick < 0.88) {
    const target = writer.position;
    await writer.flush();
    tell(0, target);
  } else if (pick < 0.94) {
    const target = writer.position;
    await writer.sync();
    tell(1, target);
  } else {
    await immediate();
  }
}
await writer.close();
await service.close();
