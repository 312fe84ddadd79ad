import { basename } from 'node:path';
import { SourceError } from './source-error.js';

/** A tick file of Lean: `20131008_trade.zip`, or the same CSV gzipped, `20131008_trade.csv.gz` and the like. */
const NAME = /^(\d{8})_(trade|quote)\b.*\.(?:zip|csv\.gz)$/;

export function isLeanFile(file: string, kind: 'trade' | 'quote'): boolean {
  return NAME.exec(basename(file))?.[2] === kind;
}

/** The `YYYYMMDD` that a file's name begins with: the day its times are counted from. */
export function leanDate(file: string): string {
  const date = NAME.exec(basename(file))?.[1];
  if (date === undefined) throw new SourceError(`${file}: the name does not begin with a date and a kind`);
  return date;
}
