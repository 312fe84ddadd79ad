import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { importFiles } from '@deepwater/import-export';
import { type Benchmark, atLeast, line } from '../lib/benchmark.js';
import { settle } from '../lib/disk.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

const TARGET_M = 3;
const FEED = 'binance.BTCUSDT.trades';
const FIRST_MS = 1_700_000_000_000;
/** Prices go round in steps of 0.01, sizes in steps of 10^-5. */
const centsOf = (n: number): number => 3_500_000 + ((n * 7919) % 100_003);
const sizeOf = (n: number): number => 1 + ((n * 104_729) % 1_000_003);

/** Trades as Binance's dumps have them: id, price, size, value, time, who was the maker, one column more. */
function makeFile(file: string, rows: number): void {
  const fd = openSync(file, 'wx');
  let text = '';
  for (let n = 0; n < rows; n++) {
    text += `${1_000_000_000 + n},${(centsOf(n) / 100).toFixed(2)},${(sizeOf(n) / 1e5).toFixed(5)},${((centsOf(n) * sizeOf(n)) / 1e7).toFixed(4)},${FIRST_MS + n},${n % 3 === 0 ? 'true' : 'false'},true\n`;
    if (text.length >= 1 << 20 || n === rows - 1) {
      writeSync(fd, text);
      text = '';
    }
  }
  closeSync(fd);
}

/** What most programs do first: the file as lines, the lines as fields, the fields as numbers. M rows/s. */
function splitAndNumber(file: string, rows: number, problems: string[]): number {
  const began = performance.now();
  const text = readFileSync(file, 'latin1');
  const columns = { id: new Float64Array(rows), price: new Float64Array(rows), size: new Float64Array(rows), time: new Float64Array(rows), maker: new Uint8Array(rows) };
  let row = 0;
  for (let at = 0; at < text.length; row++) {
    const end = text.indexOf('\n', at);
    const fields = text.slice(at, end).split(',');
    columns.id[row] = Number(fields[0]);
    columns.price[row] = Number(fields[1]);
    columns.size[row] = Number(fields[2]);
    columns.time[row] = Number(fields[4]);
    columns.maker[row] = fields[5] === 'true' ? 1 : 0;
    at = end + 1;
  }
  const rate = rows / (performance.now() - began) / 1000;
  if (row !== rows || columns.time[rows - 1] !== FIRST_MS + rows - 1) problems.push(`the plain loop has ${row} rows`);
  return rate;
}

/** A file into a store of its own, digest, ledger and sync included; M records/s. */
function ours(directory: string, file: string, rows: number, problems: string[]): Promise<number> {
  settle(directory);
  return withStore(directory, async (platform) => {
    const began = performance.now();
    const report = await importFiles(platform, [file], { maxRejects: 0 });
    const rate = rows / (performance.now() - began) / 1000;
    if (report.added !== rows) problems.push(`${report.added} records were imported, not ${rows}`);
    const reader = await platform.createReader(FEED);
    const { price, size, ts } = await reader.range(FIRST_MS * 1000, (FIRST_MS + rows) * 1000, { format: 'columns' }) as unknown as Record<'price' | 'size' | 'ts', BigInt64Array>;
    for (let n = 0; n < rows; n += 997) {
      if (price[n] !== BigInt(centsOf(n)) * 1_000_000n || size[n] !== BigInt(sizeOf(n)) * 1000n || ts[n] !== BigInt(FIRST_MS + n) * 1000n) {
        problems.push(`record ${n} is ${price[n]}, ${size[n]}, ${ts[n]}`);
        break;
      }
    }
    return rate;
  });
}

export const importCsv: Benchmark = {
  name: 'import-csv',
  title: 'a file of trades into a feed',
  async run(context) {
    const rows = context.pick(5_000_000, 200_000);
    const file = path.join(context.directory, 'BTCUSDT-trades-2023-11-14.csv');
    const problems: string[] = [];
    makeFile(file, rows);
    try {
      const contestants = { ours: () => ours(context.directory, file, rows, problems), plain: () => splitAndNumber(file, rows, problems) };
      const rates = await inTurn(context.pick(5, 1), contestants);
      return [line({
        id: 'import-csv', what: `CSV of ${rows.toLocaleString('en')} trades with 7 columns into chunks, digest, sync and ledger included`, unit: 'M/s', sample: rates.ours, target: atLeast(rates.ours, TARGET_M, 'M/s'),
        peers: [{ name: 'split and Number into typed arrays, nothing written', sample: rates.plain }], problems,
      })];
    } finally {
      rmSync(file, { force: true });
    }
  },
};
