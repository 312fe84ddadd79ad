// A strategy that looks at every field of every record. What its predecessors saw is in shared memory, so that it knows what it has
// to be given first: not what a predecessor had, and nothing may be left out but what was being handled when one died, which is
// one record a life. params: { feed, from, end, seed, throwsEvery, life }, `life` being the words below.
import { FEEDS, checkOf, timeOf } from './record.mjs';

export const LIFE = {
  /** One more than the number of the last record that was given, and of the last one that was handled. */
  GIVEN: 0, HANDLED: 1,
  RECORDS: 2,
  /** How many threads there were; and at the last record that was handled. */
  LIVES: 3, LIVES_THEN: 4,
  WORDS: 5,
};

/** Whether it throws at a record: at the same ones in every run with the seed. */
const throwsAt = (n, seed, every) => every > 0 && checkOf(seed, n) % every === 0;

export default class {
  #told = 0;
  #first = true;

  onStart({ params: { life } }) {
    life[LIFE.LIVES] += 1;
  }

  onRecord(row, context) {
    const { params: { feed, end, seed, throwsEvery, life } } = context;
    const { sequence } = row;
    const [given, handled, , lives, livesThen] = life;
    life[LIFE.GIVEN] = sequence + 1;
    const skipped = sequence - handled;
    const wrong = sequence < given ? 'a record that was given before'
      : skipped > (this.#first ? lives - livesThen : 0) ? 'a record that is not the next one'
        : row.n !== sequence || row.check !== checkOf(FEEDS[feed], sequence) || row.low !== sequence % 65536 || row.ts !== timeOf(sequence) ? 'a torn or misplaced record' : undefined;
    if (wrong !== undefined) {
      context.emit({ state: 'failed', message: `${context.name}: ${wrong}: ${JSON.stringify({ ...row, sequence, given, handled, lives, livesThen })}` });
      context.stop();
      return;
    }
    if (throwsAt(sequence, seed, throwsEvery)) throw new Error(`record ${sequence}`);
    this.#first = false;
    life[LIFE.HANDLED] = sequence + 1;
    life[LIFE.RECORDS] += 1;
    life[LIFE.LIVES_THEN] = life[LIFE.LIVES];
    if (sequence + 1 >= end) context.emit({ state: 'end' });
    else if (performance.now() - this.#told > 50) {
      this.#told = performance.now();
      context.emit({ state: 'at', position: sequence + 1 });
    }
  }
}
