import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Lines of a made-up Binance spot capture: a trade every 10 ms, with a REST snapshot and a book update before the first and behind every tenth. */
export function smallCapture(trades: number): { readonly lines: string[]; readonly frames: string[]; readonly firstUs: number } {
  const firstUs = 1_700_000_000_000_000;
  const lines: string[] = [`${firstUs} {"lastUpdateId":1000,"bids":[["100.00","1.0"],["99.00","2.0"]],"asks":[["101.00","3.0"],["102.00","4.0"]]}`];
  const frames: string[] = [];
  const add = (us: number, text: string): void => {
    frames.push(text);
    lines.push(`${us} ${text}`);
  };
  for (let at = 1; at <= trades; at++) {
    const us = firstUs + (at - 1) * 10_000;
    const ms = Math.floor(us / 1000);
    add(us, `{"stream":"btcusdt@trade","data":{"e":"trade","E":${ms},"s":"BTCUSDT","t":${at},"p":"100.50","q":"0.${at}","T":${ms},"m":true,"M":true}}`);
    if (at % 10 !== 0) continue;
    const u = 1000 + at / 10;
    add(us, `{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":${ms},"s":"BTCUSDT","U":${u},"u":${u},"b":[["100.00","${u}.0"]],"a":[]}}`);
  }
  return { lines, frames, firstUs };
}

/** A directory that is gone afterwards, with a file in it. */
export function fileWith(lines: readonly string[], name = 'capture.txt'): { readonly path: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'replay-'));
  const path = join(directory, name);
  writeFileSync(path, lines.join('\n'));
  return { path, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
