import type { ReaderWarning } from '../reader-source.js';

/** What a reader tells of records that are in none of the bars it gave. */
export function unusableWarning(feed: string, records: number, fields: readonly string[]): ReaderWarning {
  return {
    code: 'DW_BARS_UNUSABLE',
    message: `${records} records of feed ${feed} are in no bar: their ${fields.join(' or ')} is not a number (NaN). Check whoever writes them.`,
    values: { feed, records, fields },
  };
}
