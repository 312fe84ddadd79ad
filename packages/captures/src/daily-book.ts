import { CaptureBuilder, type Capture } from './capture.js';
import { badLine } from './bad-line.js';

export const isDailyBook = (line: string): boolean => line.startsWith('{"topic":"orderbook.');

/** Bybit's public daily files of books: frames of the linear market's `orderbook` channel, with the exchange's times alone. */
export function readDailyBook(path: string, lines: readonly string[]): Capture {
  const into = new CaptureBuilder();
  const connection = into.connection('wss://stream.bybit.com/v5/public/linear');
  for (let at = 0; at < lines.length; at++) {
    if (lines[at].trim() === '') continue;
    const ts = /"ts":(\d{13})\b/.exec(lines[at]);
    if (ts === null) throw badLine(path, at, 'a frame with a time in ms');
    into.frame(Number(ts[1]) * 1000, connection, lines[at]);
  }
  return into;
}
