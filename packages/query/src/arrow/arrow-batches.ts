/** Arrow for ranges larger than memory: record batches one after the other, and the bytes of Arrow's IPC formats. */
import { DeepwaterError, describeValue } from '@deepwater/core/engine';
import type { RecordBatch } from 'apache-arrow';
import { type BatchRequest, batchesOf, batchesOfSync } from '../batches.js';
import type { ReadContext } from '../reads.js';
import { runNow, runSliced } from '../slices.js';
import { ArrowRows } from './arrow-rows.js';
import { feedMetadata } from './arrow-schema.js';
import { IpcMessages } from './ipc-messages.js';
import { type ArrowModule, arrowNow, loadArrow } from './load-arrow.js';

/** The two forms of Arrow IPC: `stream` can be read as it comes, `file` has a table of contents at its end. */
const IPC_LAYOUTS = ['stream', 'file'] as const;
export type IpcLayout = (typeof IPC_LAYOUTS)[number];

/** Rows of a record batch in IPC, where the caller does not say: some megabytes. */
export const IPC_BATCH_ROWS = 65536;

export function ipcLayoutOf(layout: unknown): IpcLayout {
  if (layout === undefined) return 'stream';
  if ((IPC_LAYOUTS as readonly unknown[]).includes(layout)) return layout as IpcLayout;
  throw new DeepwaterError('DW_OPTION_INVALID', `layout is ${describeValue(layout)}; give 'stream' or 'file'.`, { values: { layout } });
}

const rowsOf = (arrow: ArrowModule, { files, helpers }: ReadContext, { fields }: BatchRequest): ArrowRows =>
  new ArrowRows(arrow, helpers, fields, feedMetadata(files.source.spec));

/** @param check throws where the reader has been closed. */
export async function* arrowBatchesOf(context: ReadContext, request: BatchRequest, check: () => void): AsyncGenerator<RecordBatch, void, void> {
  const arrow = await loadArrow();
  let rows: ArrowRows | undefined;
  for await (const segment of batchesOf(context.files, request, check)) {
    rows ??= rowsOf(arrow, context, request);
    yield await runSliced(rows.batch(segment), check);
    check();
  }
}

export function* arrowBatchesOfSync(context: ReadContext, request: BatchRequest, check: () => void): Generator<RecordBatch, void, void> {
  const arrow = arrowNow();
  let rows: ArrowRows | undefined;
  for (const segment of batchesOfSync(context.files, request, check)) {
    rows ??= rowsOf(arrow, context, request);
    yield runNow(rows.batch(segment));
    check();
  }
}

export async function* arrowIpcOf(context: ReadContext, request: BatchRequest, layout: IpcLayout, check: () => void): AsyncGenerator<Uint8Array, void, void> {
  const messages = new IpcMessages(await loadArrow(), layout);
  for await (const batch of arrowBatchesOf(context, request, check)) yield messages.batch(batch);
  yield messages.end(() => rowsOf(arrowNow(), context, request).schema);
}

export function* arrowIpcOfSync(context: ReadContext, request: BatchRequest, layout: IpcLayout, check: () => void): Generator<Uint8Array, void, void> {
  const messages = new IpcMessages(arrowNow(), layout);
  for (const batch of arrowBatchesOfSync(context, request, check)) yield messages.batch(batch);
  yield messages.end(() => rowsOf(arrowNow(), context, request).schema);
}
