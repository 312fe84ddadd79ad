/** CSV of any columns: by the names in its first line, or by their places. */
import { DeepwaterError, compileSchema, parseFeedSpec } from '@deepwater/core';
import { guessTimeFormat } from '../cells/times.js';
import { splitLine } from '../csv/split-record.js';
import type { FileColumn } from '../csv/plan.js';
import type { Batch, ReadContext } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import type { Part } from '../unpack/source-file.js';
import { headLines, tableBatches } from './csv-layout.js';
import { type FieldSource, type FoundColumn, INDEX_POINT, mapColumns } from './mapping.js';

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** Of these rows at most the types of fields are inferred. */
const SAMPLE_BYTES = 1 << 20;
const SAMPLE_ROWS = 10_000;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

interface Shape {
  readonly delimiter: string;
  readonly header: boolean;
  readonly columns: readonly FoundColumn[];
}

/** @throws DeepwaterError DW_IMPORT_LAYOUT, DW_IMPORT_COLUMNS */
export async function plainLayout(file: { readonly path: string; readonly name: string }, parts: readonly Part[], options: ImportOptions): Promise<SourceLayout> {
  const shape = await shapeOf(file.path, parts[0]!, options);
  return {
    name: 'plain', identity: {},
    async *read(context: ReadContext) {
      for (const part of parts) yield* tableOf(part, part === parts[0] ? shape : await shapeOf(`${file.path}/${part.name}`, part, options), context);
    },
  };

  async function* tableOf(part: Part, { delimiter, header, columns }: Shape, context: ReadContext): AsyncGenerator<Batch, void, void> {
    const { target, sources, constants, marks } = mapColumns(columns, feedNameOf(file.name), options, context);
    const fileColumns = columns.map(({ name }, n) => (n === marks ? { name, fields: [INDEX_POINT] } : fileColumn(name, sources.filter(({ column }) => column === n), options.split)));
    const table = { fields: marks === undefined ? target.fields : [...target.fields, MARK_FIELD], columns: fileColumns, constants, delimiter };
    for await (const batch of tableBatches(part, table, header ? 1 : 0, target, context, parts.length > 1 ? part.name : undefined)) {
      yield marks === undefined ? batch : { ...batch, marks: marksOf(batch.columns[INDEX_POINT] as Uint8Array, batch.rows) };
    }
  }
}

/** Index points are no field of a feed, and a column of a file. */
const MARK_FIELD = compileSchema(parseFeedSpec({ name: 'marks', fields: [{ name: 'ts', type: 'uint64' }, { name: INDEX_POINT, type: 'bool' }], timestamp: 'ts' })).fields[1]!;

/** Rows whose cell is 1. */
export function marksOf(cells: Uint8Array, rows: number): number[] {
  const marks: number[] = [];
  for (let row = cells.indexOf(1); row >= 0 && row < rows; row = cells.indexOf(1, row + 1)) marks.push(row);
  return marks;
}

function fileColumn(name: string, sources: readonly FieldSource[], split: string | undefined): FileColumn {
  if (sources.length === 0) return { name };
  const whole = sources.filter(({ part }) => part === undefined);
  if (whole.length === sources.length) return { name, fields: whole.map(({ field }) => field.name), rules: whole[0]!.rules };
  if (whole.length > 0) throw new DeepwaterError('DW_IMPORT_COLUMNS', `Column ${name} is named as a whole and in parts; name it in one way.`, { values: { column: name } });
  const count = Math.max(...sources.map(({ part }) => part!)) + 1;
  return {
    name,
    parts: { by: split!, columns: Array.from({ length: count }, (_, n) => {
      const own = sources.filter(({ part }) => part === n);
      return own.length === 0 ? { name: `${name}[${n}]` } : { name: `${name}[${n}]`, fields: own.map(({ field }) => field.name), rules: own[0]!.rules };
    }) },
  };
}

async function shapeOf(path: string, part: Part, options: ImportOptions): Promise<Shape> {
  const lines = (await headLines(part, SAMPLE_BYTES)).slice(0, SAMPLE_ROWS);
  const [first] = lines;
  if (first === undefined) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${path} has no lines in it.`, { values: { file: path } });
  // A zero byte is in no text, and what is no UTF-8 reads as U+FFFD.
  if (first.includes('\0') || (first.match(/\uFFFD/g)?.length ?? 0) > 3) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${path} is no text in UTF-8 and begins like none of the formats that are known; see docs/FILES.md.`, { values: { file: path } });
  const delimiter = options.delimiter ?? delimiterOf(lines.slice(0, 100));
  const rows = lines.map((line) => splitLine(line, delimiter));
  const header = options.header ?? rows[0]!.every((text) => text.trim() !== '' && !NUMBER.test(text) && guessTimeFormat(text) === undefined);
  const names = header ? rows[0]!.map((name) => name.trim()) : rows[0]!.map((_, n) => `column${n + 1}`);
  const sampled = rows.slice(header ? 1 : 0).filter((row) => row.length === names.length);
  return { delimiter, header, columns: names.map((name, n) => ({ name, sample: sampled.map((row) => row[n]!) })) };
}

/** The character that parts most lines into as many columns as the first. */
function delimiterOf(lines: readonly string[]): string {
  let best: { delimiter: string; score: number } = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    const count = splitLine(lines[0]!, delimiter).length;
    const alike = lines.filter((line) => splitLine(line, delimiter).length === count).length;
    const score = count > 1 ? alike * 1000 + count : 0;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/** A feed that is named after its file: `trades-2024.csv.gz` is `trades-2024`. */
export function feedNameOf(fileName: string): string {
  const name = fileName.replace(/(\.(csv|tsv|txt|json|jsonl|ndjson|parquet|pq|dat|log|zip|gz|zst))+$/i, '').replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, '').replace(/\.{2,}/g, '.').slice(0, 64);
  return name === '' ? 'imported' : name;
}
