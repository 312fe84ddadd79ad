import type { Reader } from 'deepwater';
import { type Benchmark, atLeast, line } from '../lib/benchmark.js';
import { cContenders, noteOnC } from '../lib/queries/c-peer.js';
import { duckContenders, oneRow } from '../lib/queries/duck-peer.js';
import { FILTERED, FILTER_TEXT, filteredCommand, filteredSql, ofArrays, ofTicks } from '../lib/queries/filtered.js';
import { arraysContender, objectsContender } from '../lib/queries/plain-peers.js';
import { asGiven, race, timed } from '../lib/queries/race.js';
import { withTicks } from '../lib/queries/tick-contest.js';
import { type SidedSpec, endTime } from '../lib/queries/ticks.js';
import { FIRST_TIME_US } from '../lib/records.js';
import { withStore } from '../lib/stores.js';

const TARGET_M = 400;

function ofReader(reader: Reader<SidedSpec>, end: number): number[] {
  const { sum, count } = reader.aggregateSync(FIRST_TIME_US, end, FILTERED);
  return [sum, count];
}

export const filter: Benchmark = {
  name: 'filter',
  title: 'an aggregate of the records that a filter leaves, one thread',
  run: (context) => withStore(context.directory, async (platform, basePath) => {
    const rows = context.pick(24_000_000, 600_000);
    return await withTicks(context, platform, basePath, 'sided', rows, async ({ reader, c, duck, ticks, objects }) => {
      const { price, size, side } = ticks;
      const some = { price: price.subarray(0, objects.length), size: size.subarray(0, objects.length), side: side.subarray(0, objects.length) };
      const expected = ofArrays(ticks);
      const result = await race({ rounds: context.pick(7, 2), rows, expected },
        { name: 'ours', ask: timed(() => ofReader(reader, endTime(rows)), asGiven) },
        ...cContenders(c, (peer) => peer.ask(filteredCommand)),
        ...duckContenders(duck, () => filteredSql, oneRow),
        arraysContender(() => ofArrays(ticks)),
        objectsContender(objects, ofTicks, ofArrays(some)),
      );
      const [, count] = expected;
      return [line({
        id: 'filter-aggregate', what: `${FILTER_TEXT}, ${rows.toLocaleString('en')} rows, one thread`, unit: 'M rows/s', ...result,
        target: atLeast(result.sample, TARGET_M, 'M rows/s'), notes: [`the filter leaves ${((100 * count) / rows).toFixed(1)} % of the rows`, ...noteOnC(c)],
      })];
    });
  }),
};
