/** Records one by one, gathered into batches: of formats that have no columns, or whose values have to be looked at. */
import { ROWS_MAX } from '../csv/kernel.js';
import { constantColumn } from '../csv/plan.js';
import type { Batch, Target } from '../import/batch.js';
import type { Mapping } from '../layouts/mapping.js';
import { type CellWriter, type Value, cellWriter } from './cell-writers.js';
import { type Columns, makeColumn } from './column-set.js';
import { Reject } from './reject.js';

export class RowGatherer {
  readonly #columns: Columns;
  readonly #writers: readonly (readonly [column: number, write: CellWriter])[];
  readonly #target: Target;
  readonly #mark: number | undefined;
  #rows = 0;
  #marks: number[] = [];

  constructor({ target, sources, constants, marks }: Mapping) {
    this.#target = target;
    this.#mark = marks;
    const made = sources.map(({ field, column, rules }) => ({ field, column, cells: makeColumn(field, ROWS_MAX), rules }));
    this.#writers = made.map(({ field, column, cells, rules }) => [column, cellWriter(field, cells, rules)] as const);
    const named = new Set(made.map(({ field }) => field.name));
    const fixed = target.fields.filter(({ name }) => !named.has(name)).map((field) => [field.name, constantColumn(field, constants[field.name])] as const);
    this.#columns = Object.fromEntries([...made.map(({ field, cells }) => [field.name, cells] as const), ...fixed]);
  }

  get full(): boolean { return this.#rows === ROWS_MAX; }

  /** @param valueOf the value of a column @throws Reject; the record is not taken then */
  add(valueOf: (column: number) => Value): void {
    for (const [column, write] of this.#writers) write(valueOf(column), this.#rows);
    if (this.#mark !== undefined && isTrue(valueOf(this.#mark))) this.#marks.push(this.#rows);
    this.#rows += 1;
  }

  *flush(): Generator<Batch, void, void> {
    const rows = this.#rows;
    if (rows === 0) return;
    const marks = this.#marks;
    this.#rows = 0;
    this.#marks = [];
    yield { target: this.#target, rows, columns: this.#columns, marks };
  }
}

function isTrue(value: Value): boolean {
  const text = String(value);
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  throw new Reject('index_point is neither 1 nor 0');
}
