import { captureLines } from './captures.js';

export { noCaptures as noRecordings, withCaptures as withRecordings } from './captures.js';

export interface RecordedFrame { readonly receivedUs: number; readonly text: string }
export interface Recording { readonly sent: unknown[]; readonly frames: RecordedFrame[] }

/** What one connection sent and received, in order. Both formats are described beside the recordings. */
export function recording(name: string): Recording {
  const sent: unknown[] = [];
  const frames: RecordedFrame[] = [];
  for (const line of captureLines(`exchanges-raw-ws/${name}`)) {
    if (name.endsWith('.zst')) {
      const entry = JSON.parse(line) as { t: string; ts: number; data: string };
      if (entry.t === 'send') sent.push(JSON.parse(entry.data));
      if (entry.t === 'recv') frames.push({ receivedUs: Math.round(entry.ts * 1e6), text: entry.data });
      continue;
    }
    const received = /^(\d+\.\d+): (.*)$/.exec(line);
    if (received !== null) frames.push({ receivedUs: Math.round(Number(received[1]) * 1e6), text: received[2]! });
    const request = /^wss:\S+ <- [\d.]+: (.*)$/.exec(line);
    if (request !== null) sent.push(JSON.parse(request[1]!));
  }
  return { sent, frames };
}

/** RFC 3339 as Date reads it to the second, and the decimals as text. */
export function microsecondsOf(time: string): number {
  const [, seconds, decimals = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(time)!;
  return Date.parse(`${seconds}Z`) * 1000 + Number(decimals.padEnd(6, '0').slice(0, 6));
}
