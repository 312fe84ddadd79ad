import { CaptureBuilder, type Capture } from './capture.js';
import { badLine } from './bad-line.js';

/** A line of the format; which fields it has depends on `t`. */
interface Line {
  readonly t: string;
  readonly format?: number;
  readonly conn?: string;
  readonly ts?: number;
  readonly url?: string;
  readonly addr?: string;
  readonly data?: string;
}

export const isJsonlFormat = (line: string): boolean => line.startsWith('{"t":"header"');

/** cryptofeed's format 2: one JSON object a line, `t` is header, http, connect, send or recv. */
export function readJsonlFormat(path: string, lines: readonly string[]): Capture {
  const into = new CaptureBuilder();
  const byName = new Map<string, number>();
  const connectionOf = (line: Line): number => {
    const known = byName.get(line.conn ?? '');
    if (known !== undefined) return known;
    const made = into.connection(line.addr ?? '');
    byName.set(line.conn ?? '', made);
    return made;
  };
  for (let at = 0; at < lines.length; at++) {
    if (lines[at].trim() === '') continue;
    const line = parsed(path, at, lines[at]);
    const us = Math.round((line.ts ?? 0) * 1e6);
    switch (line.t) {
      case 'header':
        if (line.format !== 2) throw badLine(path, at, 'a header of format 2');
        break;
      case 'http': into.reply(us, line.url ?? '', line.data ?? ''); break;
      case 'connect':
        // The same name again is a new connection of the same client.
        byName.set(line.conn ?? '', into.connection(line.addr ?? ''));
        break;
      case 'send': into.request(us, connectionOf(line), line.data ?? ''); break;
      case 'recv': into.frame(us, connectionOf(line), line.data ?? ''); break;
      default: throw badLine(path, at, 'one of header, http, connect, send, recv');
    }
  }
  return into;
}

function parsed(path: string, at: number, line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch (cause) {
    throw badLine(path, at, 'JSON', cause);
  }
}
