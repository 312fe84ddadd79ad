#!/usr/bin/env node
/**
 * Cuts `sample-data` out of a folder with the whole recordings: the first lines of some files, the others whole.
 * Nothing is filtered or rewritten, so what was cut can be checked with `zcat` and `cmp`.
 *
 *     node scripts/cut-samples.mjs <folder with the recordings> [--check]
 *
 * `--check` writes nothing: it exits 1 when the sample holds other lines than the recordings give.
 * The lines are the same wherever this runs; the compressed bytes are those of the zlib of the Node.js that ran it.
 */
import { once } from 'node:events';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { constants, createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import { openPromise } from 'yauzl';

/** `lines`: how many to take from the beginning; absent: all of them. */
const CUTS = [
  {
    from: 'binance-raw-ws/spot-btcusdt_20240808.gz',
    to: 'binance-raw-ws/spot-btcusdt_20240808.first-14000-lines.gz',
    lines: 14_000,
  },
  {
    from: 'binance-raw-ws/usdm-btcusdt_20240808.gz',
    to: 'binance-raw-ws/usdm-btcusdt_20240808.first-12000-lines.gz',
    lines: 12_000,
  },
  {
    from: 'gemini-csv/gemini__eth-usd__2021-07-01__trade.csv.gz',
    to: 'gemini-csv/gemini__eth-usd__2021-07-01__trade.csv.gz',
  },
  {
    from: 'lean/equity/usa/tick/spy/20131008_trade.zip',
    to: 'lean/equity/usa/tick/spy/20131008_trade.first-60000-lines.csv.gz',
    lines: 60_000,
  },
  {
    from: 'lean/forex/oanda/tick/eurusd/20140501_quote.zip',
    to: 'lean/forex/oanda/tick/eurusd/20140501_quote.csv.gz',
  },
];

const SAMPLE = fileURLToPath(new URL('../sample-data/', import.meta.url));

const [root, mode, ...more] = process.argv.slice(2);
if (root === undefined || more.length > 0 || (mode !== undefined && mode !== '--check')) {
  console.error('usage: node scripts/cut-samples.mjs <folder with the recordings> [--check]');
  process.exit(2);
}

let different = 0;
for (const cut of CUTS) {
  const text = firstLines(await inflate(join(root, cut.from)), cut.lines);
  const target = join(SAMPLE, cut.to);
  if (mode === '--check') {
    const same = gunzipSync(readFileSync(target)).equals(text);
    console.log(`${same ? 'same' : 'DIFFERENT'}  ${cut.to}`);
    if (!same) different++;
    continue;
  }
  const packed = gzipSync(text, { level: constants.Z_BEST_COMPRESSION });
  packed[9] = 255; // the header's "operating system": unknown, so that the file does not tell where it was cut
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, packed);
  console.log(`${String(packed.length).padStart(9)} bytes  ${cut.to}`);
}
process.exitCode = different > 0 ? 1 : 0;

/** The text in a `.gz`, or in the only entry of a `.zip`. */
async function inflate(path) {
  if (!path.endsWith('.zip')) return buffer(createReadStream(path).compose(createGunzip()));
  const zip = await openPromise(path, { lazyEntries: true });
  if (zip.entryCount !== 1) throw new Error(`${path}: ${zip.entryCount} entries where one was expected`);
  const entry = once(zip, 'entry');
  zip.readEntry();
  return buffer(await zip.openReadStreamPromise((await entry)[0]));
}

/** The first `count` lines with their line ends. */
function firstLines(text, count = Infinity) {
  let end = 0;
  for (let line = 0; line < count; line++) {
    const next = text.indexOf(0x0a, end);
    if (next < 0) return text;
    end = next + 1;
  }
  return text.subarray(0, end);
}
