import type { Field } from '@deepwater/core/engine';
import type { ReadContext } from '../reads.js';
import { pieces } from '../select.js';
import type { Steps } from '../slices.js';
import { boundsOfRange } from '../time-bounds.js';
import { parseAggregates } from './parse-aggregates.js';
import { measuredColumns, mergePartials, partialsOf } from './partial.js';
import { resultsOf } from './result.js';

/** Aggregates over the records of a range that match. */
export function* readAggregate({ files, helpers, elsewhere }: ReadContext, start: unknown, end: unknown, options: unknown): Steps<Record<string, unknown>> {
  const { schema } = files;
  const request = parseAggregates(schema, options);
  const bounds = boundsOfRange(schema, request.clockIndex, start, end);
  const fields = [...measuredColumns(request), bounds.clock.fieldIndex].map((column) => schema.columns[column] as Field);
  if (elsewhere !== undefined && !bounds.empty) return yield* resultsOf(request, mergePartials(request, yield* elsewhere.partials(request, bounds, fields)), schema, helpers);
  const where = request.where === undefined ? undefined : { predicate: request.where, symbols: helpers.symbols, timesOnly: true };
  const partials = yield* partialsOf(files, helpers.symbols, request, pieces(files, { bounds, fields, where }));
  return yield* resultsOf(request, mergePartials(request, partials), schema, helpers);
}
