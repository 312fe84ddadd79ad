/** JSON lines: objects by the names of their keys, or arrays by place; and one array of such, in one file. */
import { DeepwaterError } from '@deepwater/core';
import type { Value } from '../cells/cell-writers.js';
import { Reject } from '../cells/reject.js';
import { RowGatherer } from '../cells/row-gatherer.js';
import type { ReadContext, Batch } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import { headLines } from '../layouts/csv-layout.js';
import { type FoundColumn, mapColumns } from '../layouts/mapping.js';
import { feedNameOf } from '../layouts/plain.js';
import type { Part } from '../unpack/source-file.js';
import { type TextLine, textLines } from '../unpack/text-lines.js';
import { flatJson } from './flat-json.js';
import { VALUE_BYTES_MAX, isOneArray, jsonElements } from './json-array.js';

/** Of so many records the types of fields are inferred, and the keys are known. */
const SAMPLE_ROWS = 1000;

/** @throws DeepwaterError DW_IMPORT_LAYOUT, DW_IMPORT_COLUMNS */
export async function jsonLayout(file: { readonly path: string; readonly name: string }, parts: readonly Part[], options: ImportOptions): Promise<SourceLayout> {
  return {
    name: 'jsonl', identity: {},
    async *read(context) {
      for (const part of parts) yield* readPart(file, part, options, context, parts.length > 1);
    },
  };
}

async function textsOf(path: string, part: Part): Promise<AsyncIterable<TextLine>> {
  const [head = ''] = await headLines(part, 4096);
  return isOneArray(head) ? jsonElements(path, part.blocks()) : textLines(part.blocks(), VALUE_BYTES_MAX);
}

async function* readPart(file: { readonly path: string; readonly name: string }, part: Part, options: ImportOptions, context: ReadContext, several: boolean): AsyncGenerator<Batch, void, void> {
  const columns = await columnsOf(file.path, part);
  const gatherer = new RowGatherer(mapColumns(columns, feedNameOf(file.name), options, context));
  const places = new Map(columns.map(({ name }, n) => [name, n]));
  const row: Value[] = [];
  for await (const { text, line } of await textsOf(file.path, part)) {
    try {
      if (text === undefined) throw new Reject(`the record is longer than ${VALUE_BYTES_MAX.toLocaleString('en')} bytes`);
      const { keys, values } = flatJson(text);
      row.length = 0;
      if (keys === undefined) row.push(...values);
      else keys.forEach((key, n) => { const place = places.get(key); if (place !== undefined) row[place] = values[n]; });
      gatherer.add((column) => row[column]);
    } catch (error) {
      if (!(error instanceof Reject)) throw error;
      context.reject(line, error.message, several ? part.name : undefined);
    }
    if (gatherer.full) yield* gatherer.flush();
  }
  yield* gatherer.flush();
}

async function columnsOf(path: string, part: Part): Promise<FoundColumn[]> {
  const samples = new Map<string, string[]>();
  let rows = 0;
  for await (const { text } of await textsOf(path, part)) {
    try {
      const { keys, values } = flatJson(text ?? '');
      values.forEach((value, n) => {
        const name = keys?.[n] ?? `column${n + 1}`;
        const sample = samples.get(name) ?? [];
        samples.set(name, sample);
        sample.push(value === null || value === undefined ? '' : String(value));
      });
    } catch (error) {
      if (!(error instanceof Reject)) throw error;
    }
    if (++rows >= SAMPLE_ROWS) break;
  }
  if (samples.size === 0) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${path} has no JSON object or array in its first ${rows} lines.`, { values: { file: path } });
  return [...samples].map(([name, sample]) => ({ name, sample }));
}
