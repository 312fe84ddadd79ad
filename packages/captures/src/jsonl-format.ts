import type { CaptureFormat } from './line-format.js';

/** A line of the format; which fields it has depends on `t`. */
interface Line {
  readonly t: string;
  readonly format?: number;
  readonly conn?: string;
  readonly ts?: number;
  readonly url?: string;
  readonly addr?: string;
  readonly data?: string;
  /** Ours: the connection has been open since the file before. */
  readonly continued?: boolean;
}

/** cryptofeed's format 2: one JSON object a line, `t` is header, http, connect, send or recv. */
export const jsonlFormat: CaptureFormat = {
  begins: (line) => line.startsWith('{"t":"header"'),
  reader(into) {
    const byName = new Map<string, number>();
    const connect = ({ conn: name = '', addr: address = '' }: Line, continued: boolean): number => {
      // The same name again is a new connection of the same client.
      const made = into.connection({ address, name, continued });
      byName.set(name, made);
      return made;
    };
    const connectionOf = (line: Line): number => byName.get(line.conn ?? '') ?? connect(line, false);
    return (text) => {
      const line = parsed(text);
      const us = Math.round((line?.ts ?? 0) * 1e6);
      const data = line?.data ?? '';
      switch (line?.t) {
        case undefined: return 'JSON';
        case 'header': return line.format === 2 ? undefined : 'a header of format 2';
        case 'http': into.replied({ us, url: line.url ?? '', body: data }); break;
        case 'connect': connect(line, line.continued === true); break;
        case 'send': into.sent({ us, connection: connectionOf(line), text: data }); break;
        case 'recv': into.received({ us, connection: connectionOf(line), text: data }); break;
        default: return 'one of header, http, connect, send, recv';
      }
      return undefined;
    };
  },
};

function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
