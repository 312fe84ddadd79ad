import { CaptureBuilder, type Capture } from './capture.js';
import { badLine } from './bad-line.js';

const RECEIVED = /^(\d+(?:\.\d+)?): (.*)$/;
const ELSE = /^(\w+:\/\/\S+) (<->|<-|->) (\d+(?:\.\d+)?)(?:: (.*))?$/;

export const isTextFormat = (line: string): boolean => line.startsWith('configuration:') || RECEIVED.test(line) || ELSE.test(line);

const toUs = (seconds: string): number => Math.round(Number(seconds) * 1e6);

/** cryptofeed's older format: `<s>: frame` received, `<url> <-> <s>` connected, `<url> <- <s>: frame` sent, `<url> -> <s>: body` replied. */
export function readTextFormat(path: string, lines: readonly string[]): Capture {
  const into = new CaptureBuilder();
  let connection = -1;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line.trim() === '' || line.startsWith('configuration:')) continue;
    const received = RECEIVED.exec(line);
    if (received !== null) {
      // A file without a connect line is one connection all the same.
      if (connection < 0) connection = into.connection('');
      into.frame(toUs(received[1]), connection, received[2]);
      continue;
    }
    const other = ELSE.exec(line);
    if (other === null) throw badLine(path, at, 'a frame, a connection or a reply as cryptofeed writes them');
    const [, url, arrow, time, text] = other;
    if (arrow === '<->') connection = into.connection(url);
    else if (arrow === '->') into.reply(toUs(time), url, text ?? '');
    else into.request(toUs(time), connection < 0 ? (connection = into.connection(url)) : connection, text ?? '');
  }
  return into;
}
