import { type CaptureFormat, UNTOLD, isTime } from './line-format.js';

const LINE = /^(\d{16})(\d{3})? (\{.*\})$/;

/** `<receive time> <JSON>`, the time in ns (19 digits) or µs (16): frames of Binance's combined streams, and REST snapshots between them. */
export const timedLines: CaptureFormat = {
  begins: (line) => LINE.test(line),
  reader(into) {
    const connection = into.connection(UNTOLD);
    return (line) => {
      const match = LINE.exec(line);
      const [, digits, , json] = match ?? [];
      const us = Number(digits);
      if (json === undefined || !isTime(us)) return 'a time of 16 or 19 digits and a JSON object';
      if (json.startsWith('{"stream"')) into.received({ us, connection, text: json });
      else into.replied({ us, url: '', body: json });
      return undefined;
    };
  },
};
