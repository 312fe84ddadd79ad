import type { RecordedEvent } from '@deepwater/exchanges';
import { printable } from '../output/text.js';

/** An event in a line: `gap BTC-USD trades: 12 expected, 15 found`. */
export function eventText({ kind, connection, symbol, channel, expected, found, detail }: RecordedEvent): string {
  const what = [kind, connection > 0 && symbol === undefined ? `#${connection}` : undefined, symbol, channel].filter((part) => part !== undefined && part !== '').join(' ');
  const numbers = kind === 'gap' || kind === 'checksum' ? [`${expected ?? '?'} expected, ${found ?? '?'} found`] : kind === 'bad' && found !== undefined && found > 1 ? [`${found} so far`] : [];
  const rest = [...numbers, ...(detail === undefined || detail === '' ? [] : [detail])].join('; ');
  return printable(rest === '' ? what : `${what}: ${rest}`);
}

/** Whether it is bad news. */
export const isTrouble = ({ kind }: RecordedEvent): boolean => ['gap', 'checksum', 'refused', 'bad', 'failed', 'disconnected'].includes(kind);
