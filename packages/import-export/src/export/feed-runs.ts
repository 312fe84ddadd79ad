/** Records of a feed in runs whose sequence numbers are known, with the index points among them. */
import type { Table } from 'apache-arrow';
import type { Reader } from 'deepwater';

/** Records that are read at once. */
const READ_ROWS = 65_536;

/** A run of records without a number missing. */
export interface NumberedRun<R> {
  readonly first: number;
  readonly count: number;
  readonly records: R;
}

type Form = 'tuple' | 'arrow';
type RecordsOf<F extends Form> = F extends 'tuple' ? readonly (readonly unknown[])[] : Table;

/** All records there are, in order of arrival. Where numbers are missing, runs are shorter, so that each record's number is sure. */
export async function* numberedRuns<F extends Form>(reader: Reader, form: F): AsyncGenerator<NumberedRun<RecordsOf<F>>, void, void> {
  const { first, next } = reader.bounds();
  for (let at = first; at < next;) {
    let max = Math.min(READ_ROWS, next - at);
    let read = await reader.readFrom(at, max, form);
    while (read.count > 1 && read.next - read.first !== read.count) {
      max = Math.ceil(max / 2);
      read = await reader.readFrom(at, max, form);
    }
    if (read.count > 0) yield { first: read.first, count: read.count, records: read.records as RecordsOf<F> };
    if (read.next <= at) return;
    at = read.next;
  }
}
