/** The flyweight of a schema over columns, and its run: what a live handler is given (see compile-row-view.ts in ring), without making rows first. */
import type { Field, Schema } from '@deepwater/core/engine';
import { type RowHelpers, type RowRun, compiledRun, runText } from '@deepwater/ring';
import { type DecodeColumn, type DecodeHelpers, decodeColumn, valueExpression } from '../decode-values.js';
import type { RowSource } from '../row-source.js';

/** A run over columns. @returns how to put it over those of a chunk, or of rows from a ring */
export function columnRun(schema: Schema, helpers: DecodeHelpers): { readonly run: RowRun; attach(source: RowSource): void } {
  const run = new (compiledRun(columnRunSource(schema)))(helpers satisfies RowHelpers);
  const put = run.attach.bind(run) as unknown as (columns: readonly DecodeColumn[]) => void;
  return { run, attach: (source) => { put(schema.fields.map((field) => decodeColumn(source, field))); } };
}

/** The text of the classes; exported so that tests and people can look at it. */
export function columnRunSource({ fields }: Schema): string {
  return runText(fields, {
    members: fields.map(({ index }) => `  #c${index};`).join('\n'),
    attach: fields.map(({ index }, k) => `      row.#c${index} = memory[${k}];`).join('\n'),
    seek: 'row.#at = i;',
    getter,
  });
}

/** The body of a field's getter: the decoders' expression, over the columns of the row. */
function getter(field: Field): string {
  const { index, type, as } = field;
  const names = [`i = this.#at`, `c${index} = this.#c${index}`];
  if (type === 'char') names.push('chars = this.#chars');
  if (type === 'symbol') names.push(`t${index} = this.#t${index}`);
  if (type === 'symbol' || type === 'string' || type === 'decimal' || as === 'number') names.push('h = this.#helpers');
  return `const ${names.join(', ')}; let w; return ${valueExpression(field, index)};`;
}
