import type { CaptureFormat } from './line-format.js';

/** Bybit's public daily files of books: frames of the linear market's `orderbook` channel, with the exchange's times alone. */
export const dailyBook: CaptureFormat = {
  begins: (line) => line.startsWith('{"topic":"orderbook.'),
  reader(into) {
    const connection = into.connection({ address: 'wss://stream.bybit.com/v5/public/linear', name: '', continued: false });
    return (line) => {
      const ts = /"ts":(\d{13})\b/.exec(line);
      if (ts === null) return 'a frame with a time in ms';
      into.received({ us: Number(ts[1]) * 1000, connection, text: line });
      return undefined;
    };
  },
};
