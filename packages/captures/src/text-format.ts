import { type CaptureFormat, UNTOLD, isTime } from './line-format.js';

const RECEIVED = /^(\d+(?:\.\d+)?): (.*)$/;
const ELSE = /^(\w+:\/\/\S+) (<->|<-|->) (\d+(?:\.\d+)?)(?:: (.*))?$/;

const toUs = (seconds: string): number => Math.round(Number(seconds) * 1e6);

/** cryptofeed's older format: `<s>: frame` received, `<url> <-> <s>` connected, `<url> <- <s>: frame` sent, `<url> -> <s>: body` replied. */
export const textFormat: CaptureFormat = {
  begins: (line) => line.startsWith('configuration:') || RECEIVED.test(line) || ELSE.test(line),
  reader(into) {
    let connection = -1;
    return (line) => {
      if (line.startsWith('configuration:')) return undefined;
      const received = RECEIVED.exec(line);
      const other = received === null ? ELSE.exec(line) : null;
      const us = toUs(received?.[1] ?? other?.[3] ?? '');
      if ((received ?? other) === null || !isTime(us)) return 'a frame, a connection or a reply as cryptofeed writes them';
      if (received !== null) {
        if (connection < 0) connection = into.connection(UNTOLD);
        into.received({ us, connection, text: received[2] });
        return undefined;
      }
      const [, address = '', arrow, , text = ''] = other ?? [];
      if (arrow === '->') into.replied({ us, url: address, body: text });
      else {
        if (arrow === '<->' || connection < 0) connection = into.connection({ address, name: '', continued: false, us });
        if (arrow === '<-') into.sent({ us, connection, text });
      }
      return undefined;
    };
  },
};
