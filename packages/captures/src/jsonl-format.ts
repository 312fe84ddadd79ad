import { type CaptureFormat, isTime } from './line-format.js';

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
    const connect = ({ conn: name = '', addr: address = '' }: Line, continued: boolean, us?: number): number => {
      // The same name again is a new connection of the same client.
      const made = into.connection({ address, name, continued, ...(us === undefined ? {} : { us }) });
      byName.set(name, made);
      return made;
    };
    const connectionOf = (line: Line): number => byName.get(line.conn ?? '') ?? connect(line, true);
    return (text) => {
      const line = parsed(text);
      if (line === undefined) return 'JSON';
      const { t, ts = 0, data = '' } = line;
      const us = Math.round(ts * 1e6);
      if (typeof ts !== 'number' || !isTime(us)) return 'one whose ts is a time in seconds';
      if ([t, data, line.conn, line.url, line.addr].some((each) => each !== undefined && typeof each !== 'string')) return 'one whose conn, addr, url and data are texts';
      switch (t) {
        case 'header': return line.format === 2 ? undefined : 'a header of format 2';
        case 'http': into.replied({ us, url: line.url ?? '', body: data }); break;
        case 'connect': connect(line, line.continued === true, us); break;
        case 'send': into.sent({ us, connection: connectionOf(line), text: data }); break;
        case 'recv': into.received({ us, connection: connectionOf(line), text: data }); break;
        default: return 'one of header, http, connect, send, recv';
      }
      return undefined;
    };
  },
};

/** An object, whatever its keys hold. */
function parsed(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line as Line : undefined;
  } catch {
    return undefined;
  }
}
