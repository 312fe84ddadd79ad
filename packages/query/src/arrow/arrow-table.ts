import type { Field } from '@deepwater/core/engine';
import type { RecordBatch, Table } from 'apache-arrow';
import { endOf, sequenceOf } from '../piece-source.js';
import type { ReadContext } from '../reads.js';
import { segmentsOf } from '../segments.js';
import type { Piece } from '../select.js';
import type { Steps } from '../slices.js';
import { ArrowRows } from './arrow-rows.js';
import { feedMetadata } from './arrow-schema.js';
import { arrowNow } from './load-arrow.js';

/** What was found as an Arrow table: a record batch for each segment, so that no row is copied to lie beside another. */
export function* tableOf({ files, helpers }: ReadContext, found: readonly Piece[], fields: readonly Field[]): Steps<Table> {
  const arrow = arrowNow();
  const segments = yield* segmentsOf(files, found, fields);
  const [front] = found;
  const range = front === undefined ? undefined : { first: sequenceOf(front, front.runs[0] as number), next: endOf(found.at(-1) as Piece) };
  const rows = new ArrowRows(arrow, helpers, fields, feedMetadata(files.source.spec, range));
  const batches: RecordBatch[] = [];
  for (const segment of segments) {
    batches.push(yield* rows.batch(segment));
    yield;
  }
  return new arrow.Table(rows.schema, batches);
}
