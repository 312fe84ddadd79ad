import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';

const FOLDER = join(process.env['DEEPWATER_RECORDINGS'] ?? fileURLToPath(new URL('../../../../../shared/data/', import.meta.url)), 'exchanges-raw-ws');

/** Why tests with recordings are skipped; undefined where there are recordings. */
export const noRecordings = existsSync(FOLDER) ? undefined : `no recordings in ${FOLDER}`;

/** The name of tests with recordings: it has the reason where they are skipped. */
export const withRecordings = (name: string): string => (noRecordings === undefined ? name : `${name} (${noRecordings})`);

export interface RecordedFrame { readonly receivedUs: number; readonly text: string }
export interface Recording { readonly sent: unknown[]; readonly frames: RecordedFrame[] }

/** What one connection sent and received, in order. Both formats are described beside the recordings. */
export function recording(name: string): Recording {
  const bytes = readFileSync(join(FOLDER, name));
  const text = Buffer.from(name.endsWith('.zst') ? decompress(bytes) : gunzipSync(bytes)).toString();
  const sent: unknown[] = [];
  const frames: RecordedFrame[] = [];
  for (const line of text.split('\n')) {
    if (name.endsWith('.zst')) {
      if (line === '') continue;
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
