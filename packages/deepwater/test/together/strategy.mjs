// A strategy over several feeds at once: every record of each has to be the next one and whole.
import { checkOf, timeOf } from '../bus/record.mjs';

export default class {
  #next = new Map();

  onRecord(row, context) {
    const { feed } = context;
    const { sequence } = row;
    const expected = this.#next.get(feed) ?? sequence;
    this.#next.set(feed, sequence + 1);
    const wrong = sequence !== expected || row.n !== sequence || row.check !== checkOf(context.params.seeds[feed], sequence) || row.low !== sequence % 65536 || row.ts !== timeOf(sequence);
    if (wrong) {
      context.emit({ message: `${context.name}: record ${sequence} of ${feed}, ${expected} expected: ${JSON.stringify({ n: row.n, check: row.check })}` });
      context.stop();
    }
    context.metrics[feed] = sequence + 1;
  }

  onLoss(loss, context) {
    context.emit({ message: `${context.name} lost ${JSON.stringify(loss)}` });
  }
}
