import { partialsOf, type Partial } from '../aggregate/partial.js';
import type { MeasurePart } from '../aggregate/measures.js';
import type { AggregateRequest } from '../aggregate/request.js';
import { runWatched } from './run-watched.js';
import { type ScanAnswer, type ScanPayload, scanPart } from './scan-part.js';
import type { TaskHelper } from './task-control.js';
import { handOver } from './task-result.js';

export interface AggregatePayload extends ScanPayload {
  readonly request: AggregateRequest;
}

/** Goes over the rows of a part of a scan and gives what was gathered of each grain of them. Values that quantiles keep are handed over. */
export function aggregateRows(payload: AggregatePayload, helper: TaskHelper): ScanAnswer<readonly Partial[]> {
  const answer = scanPart(payload, helper, ({ feed: { files, helpers } }, found) => runWatched(partialsOf(files, helpers.symbols, payload.request, found), helper));
  return handOver(answer, answer.result.flatMap(({ parts }) => parts.flatMap(buffersOf)));
}

function buffersOf(part: MeasurePart | undefined): ArrayBuffer[] {
  return typeof part === 'object' && 'blocks' in part ? part.blocks.map(({ buffer }) => buffer as ArrayBuffer) : [];
}
