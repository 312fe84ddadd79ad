import { CaptureBuilder, type Capture } from './capture.js';
import { badLine } from './bad-line.js';

const LINE = /^(\d{16})(\d{3})? (\{.*\})$/;

export const isTimedLine = (line: string): boolean => LINE.test(line);

/** `<receive time> <JSON>`, the time in ns (19 digits) or µs (16): frames of Binance's combined streams, and REST snapshots between them. */
export function readTimedLines(path: string, lines: readonly string[]): Capture {
  const into = new CaptureBuilder();
  const connection = into.connection('');
  for (let at = 0; at < lines.length; at++) {
    if (lines[at].trim() === '') continue;
    const match = LINE.exec(lines[at]);
    if (match === null) throw badLine(path, at, 'a time of 16 or 19 digits and a JSON object');
    const [, us, , json] = match;
    if (json.startsWith('{"stream"')) into.frame(Number(us), connection, json);
    else into.reply(Number(us), '', json);
  }
  return into;
}
