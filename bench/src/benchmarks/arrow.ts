import { type Table, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { type Benchmark, line } from '../lib/benchmark.js';
import { type Contender, asGiven, race, timed } from '../lib/queries/race.js';
import { type TickSpec, columnsOfTicks, endTime, fillTicks, tickNumbers } from '../lib/queries/ticks.js';
import { FIRST_TIME_US, addUp, type BenchColumns } from '../lib/records.js';
import { withStore } from '../lib/stores.js';

/** What a table's records add up to, batch by batch, over the cells where they lie. */
function tableSums(table: Table): number[] {
  const sums = { price: 0, size: 0, time: 0 };
  const names = table.schema.fields.map(({ name }) => name);
  for (const batch of table.batches) {
    const cells = (name: string): ArrayBufferView => batch.data.children[names.indexOf(name)].values as ArrayBufferView;
    const { buffer, byteOffset } = cells('timestamp');
    addUp({ price: cells('price') as Float64Array, size: cells('size') as Float64Array, timestamp: new BigUint64Array(buffer as ArrayBuffer, byteOffset, batch.numRows) }, sums);
  }
  return [table.numRows, sums.price, sums.size, sums.time];
}

function columnSums(columns: BenchColumns): number[] {
  const sums = { price: 0, size: 0, time: 0 };
  addUp(columns, sums);
  return [columns.price.length, sums.price, sums.size, sums.time];
}

export const arrow: Benchmark = {
  name: 'arrow',
  title: 'a range as an Arrow table, and as the bytes of Arrow IPC',
  nodeFlags: ['--expose-gc'],
  run: (context) => withStore(context.directory, async (platform) => {
    const rows = context.pick(8_000_000, 400_000);
    const numbers = tickNumbers(rows);
    await fillTicks(platform, 'ticks', numbers);
    const reader = await platform.createReader<TickSpec>('ticks');
    const ticks = columnsOfTicks(numbers);
    const { price, size, timestamp } = ticks;
    const copied = (): Table => tableFromArrays({ price: price.slice(), size: size.slice(), timestamp: timestamp.slice() }) as Table;
    await reader.range(FIRST_TIME_US, FIRST_TIME_US, { format: 'arrow' }); // the package is loaded when it is first asked for
    const asTable = (): Table => reader.rangeSync(FIRST_TIME_US, endTime(rows), { format: 'arrow' }) as unknown as Table;
    const asColumns = (): BenchColumns => reader.rangeSync(FIRST_TIME_US, endTime(rows), { format: 'columns' });
    const plain = tableFromArrays({ price, size, timestamp }) as Table;
    const ipcOf = (): Uint8Array[] => [...reader.arrowIpcSync(FIRST_TIME_US, endTime(rows))];

    /** What the run before returned is not this one's to free. */
    const fresh = (contender: Contender): Contender => ({ ...contender, ask: () => { global.gc?.(); return contender.ask(); } });
    const options = { rounds: context.pick(7, 2), rows, expected: columnSums(ticks), label: (place: number) => ['rows', 'sum of price', 'sum of size', 'sum of timestamp'][place] };
    const returned = await race(options, ...([
      { name: 'arrow', ask: timed(asTable, tableSums) },
      { name: 'the same range as columns', ask: timed(asColumns, columnSums) },
      { name: 'tableFromArrays over slices of typed arrays', ask: timed(copied, tableSums) },
    ] as const).map(fresh) as [Contender, ...Contender[]]);
    const summed = await race(options, ...([
      { name: 'arrow', ask: timed(() => tableSums(asTable()), asGiven) },
      { name: 'the same range as columns, added up', ask: timed(() => columnSums(asColumns()), asGiven) },
      { name: 'tableFromArrays over slices of typed arrays, added up', ask: timed(() => tableSums(copied()), asGiven) },
    ] as const).map(fresh) as [Contender, ...Contender[]]);
    const ipc = await race(options, ...([
      { name: 'ipc', ask: timed(ipcOf, (pieces) => tableSums(tableFromIPC(Buffer.concat(pieces)))) },
      { name: 'tableToIPC of apache-arrow, from a table of typed arrays', ask: timed(() => tableToIPC(plain, 'stream'), (bytes) => tableSums(tableFromIPC(bytes))) },
    ] as const).map(fresh) as [Contender, ...Contender[]]);
    await reader.close();

    const what = `range of ${rows.toLocaleString('en')} rows as an Arrow table`;
    return [
      line({ id: 'arrow-range', what: `${what}, returned`, unit: 'M rows/s', ...returned, notes: ['whole pages of chunks are mapped, not copied: the caller pays when he touches them, as in the next line'] }),
      line({ id: 'arrow-range-summed', what: `${what}, every value added up`, unit: 'M rows/s', ...summed }),
      line({ id: 'arrow-ipc', what: 'the same range as the bytes of an Arrow IPC stream, all of them kept', unit: 'M rows/s', ...ipc }),
    ];
  }),
};
