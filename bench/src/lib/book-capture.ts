/** The changes of a real book, as columns of a book feed: eight minutes of Binance's USD-M futures. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parseDecimal } from '@deepwater/core';
import { BOOK_FLAGS } from 'deepwater';

const FILES = ['usdm-btcusdt_20240718.gz', 'usdm-btcusdt_20240719.gz'];
const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
export const BOOK_SCALE = 8;

export interface BookRows {
  readonly rows: number;
  readonly ts: Float64Array;
  readonly side: Uint8Array;
  readonly flags: Uint8Array;
  readonly price: BigInt64Array;
  readonly size: BigInt64Array;
}

interface Update {
  readonly T: number;
  readonly u?: number;
  readonly lastUpdateId?: number;
  readonly b?: readonly [string, string][];
  readonly a?: readonly [string, string][];
  readonly bids?: readonly [string, string][];
  readonly asks?: readonly [string, string][];
}

/** Where recordings lie: what DEEPWATER_RECORDINGS names, else beside the repository; undefined where there are none. */
function folder(): string | undefined {
  return [process.env['DEEPWATER_RECORDINGS'], BESIDE_THE_REPOSITORY].find((each) => each !== undefined && existsSync(path.join(each, 'binance-raw-ws', FILES[0] as string)));
}

/** The snapshot, then every change behind it; undefined where there is no recording. */
export function readBookCapture(): BookRows | undefined {
  const from = folder();
  if (from === undefined) return undefined;
  const lines = FILES.flatMap((file) => gunzipSync(readFileSync(path.join(from, 'binance-raw-ws', file))).toString().split('\n')).filter((line) => line.includes('"lastUpdateId"') || line.includes('"depthUpdate"'));
  const messages = lines.map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1)) as Update & { data?: Update }).map((raw) => raw.data ?? raw);
  const snapshot = messages.find(({ lastUpdateId }) => lastUpdateId !== undefined) as Update;
  const wanted = [snapshot, ...messages.filter(({ u = 0 }) => u >= (snapshot.lastUpdateId as number))];
  const count = wanted.reduce((sum, { b, a, bids, asks }) => sum + (b ?? bids ?? []).length + (a ?? asks ?? []).length, 0);
  const rows = { rows: count, ts: new Float64Array(count), side: new Uint8Array(count), flags: new Uint8Array(count), price: new BigInt64Array(count), size: new BigInt64Array(count) };
  let at = 0;
  for (const { T, b, a, bids = b ?? [], asks = a ?? [], lastUpdateId } of wanted) {
    for (const [side, levels] of [[66, bids], [65, asks]] as const) {
      for (const [price, size] of levels) {
        rows.ts[at] = T * 1000;
        rows.side[at] = side;
        rows.flags[at] = lastUpdateId === undefined ? 0 : BOOK_FLAGS.SNAPSHOT;
        rows.price[at] = parseDecimal(price, BOOK_SCALE);
        rows.size[at++] = parseDecimal(size, BOOK_SCALE);
      }
    }
    if (bids.length + asks.length > 0) rows.flags[at - 1] = (rows.flags[at - 1] as number) | BOOK_FLAGS.LAST;
  }
  return rows;
}
