// Publishes one record a round, at the same moment as another thread announces that it is about to sleep.
import { parentPort, workerData } from 'node:worker_threads';
import { registerPublisher } from '@deepwater/core/engine';
import { Bell, Ring, RowWriter, rowWriterClass } from '../../dist/index.js';
import { schema } from './checked-records.mjs';

const { mapped, bell, local, meet, plain } = workerData;
class Writer extends RowWriter {
  waitForRoom() {}
}
registerPublisher();
const writer = new (rowWriterClass(schema, Writer, plain))(schema, new Ring(mapped, 'posted'), new Bell(bell, local), []);
parentPort.postMessage('ready');

/** Both sides go on at the same moment. @returns false where the other has ended. */
const meetAt = (turn) => {
  Atomics.store(meet, 1, turn);
  for (;;) {
    const other = Atomics.load(meet, 0);
    if (other === -1) return false;
    if (other >= turn) return true;
  }
};
for (let round = 1; meetAt(2 * round); round++) {
  for (let delay = round & 63; delay > 0; delay--) Atomics.load(meet, 2);
  writer.writeValues(round, round, 'x', round);
  meetAt(2 * round + 1);
}
