/**
 * Generates the flyweight of a schema, and the run that moves it: a class whose getters read typed arrays at offsets that are
 * constants in their code. One class serves all feeds of a schema, so that the code of a subscriber stays monomorphic.
 */
import { DeepwaterError, type Field, type Schema } from '@deepwater/core/engine';
import { RowRun } from './row-run.js';

export { COPY, RowRun } from './row-run.js';

/** What getters call for the types that are no plain number. Symbols belong to a feed, so there is one for each. */
export interface RowHelpers {
  /** Texts of symbols by field index, then code; growing in place. */
  readonly texts: readonly (readonly string[] | undefined)[];
  /** Strings of one character by code. */
  readonly chars: readonly string[];
  decimal(scaled: bigint, scale: number): string;
  decimalNumber(scaled: bigint, scale: number): number;
  newSymbol(fieldIndex: number, code: number): string;
  tooWide(fieldIndex: number, high: number, low: number): never;
  text(bytes: Buffer, at: number, width: number): string;
}

/** What a class of runs is made of, besides what all of them have: how its flyweight lies over rows. */
export interface RowClassParts {
  /** Declarations of private members besides `#at`, the place of the row. */
  readonly members: string;
  /** The body of `attach(row, memory, offset, bytes)`, called by the run's own. */
  readonly attach: string;
  /** Statements of `seek(row, i)` that move the flyweight to row i of what it lies over. */
  readonly seek: string;
  /** The body of a field's getter. */
  getter(field: Field): string;
}

export type RowRunClass = new (helpers: RowHelpers) => RowRun;

const classes = new Map<string, RowRunClass>();

/** The class for a schema, made once. @throws DeepwaterError DW_PLATFORM_UNSUPPORTED where code generation is switched off */
export function rowRunClass(schema: Schema): RowRunClass {
  return compiledRun(rowRunSource(schema));
}

/** The class that a text makes, made once. @throws DeepwaterError DW_PLATFORM_UNSUPPORTED */
export function compiledRun(source: string): RowRunClass {
  let compiled = classes.get(source);
  if (compiled === undefined) {
    compiled = compile(source);
    classes.set(source, compiled);
  }
  return compiled;
}

function compile(source: string): RowRunClass {
  try {
    // Field names are checked identifiers, everything else numbers.
    return (new Function('RowRun', source) as (base: typeof RowRun) => RowRunClass)(RowRun);
  } catch (cause) {
    if (!(cause instanceof EvalError)) throw cause;
    throw new DeepwaterError('DW_PLATFORM_UNSUPPORTED', 'Code generation is switched off in this process (--disallow-code-generation-from-strings); Deepwater compiles a view of rows for each schema. Start Node without that flag, or read columns.', { cause });
  }
}

const VIEWS = {
  u8: 'Uint8Array', i8: 'Int8Array', u16: 'Uint16Array', i16: 'Int16Array', u32: 'Uint32Array', i32: 'Int32Array',
  f32: 'Float32Array', f64: 'Float64Array', u64: 'BigUint64Array', i64: 'BigInt64Array',
} as const;
const ELEMENT_BYTES = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4, f64: 8, u64: 8, i64: 8 } as const;

/** The text of the classes; exported so that tests and people can look at it. */
export function rowRunSource(schema: Schema): string {
  const used = Object.keys(VIEWS) as (keyof typeof VIEWS)[];
  return runText(schema.fields, {
    members: `${used.map((view) => `  #${view};`).join('\n')}
  #bytes;`,
    attach: `${used.map((view) => `      row.#${view} = new ${VIEWS[view]}(memory, offset, bytes >> ${Math.log2(ELEMENT_BYTES[view])});`).join('\n')}
      row.#bytes = Buffer.from(memory, offset, bytes);`,
    seek: `row.#at = Math.imul(i, ${schema.slotStride});`,
    getter,
  });
}

/** The text of a flyweight and its run. */
export function runText(fields: readonly Field[], parts: RowClassParts): string {
  const symbols = fields.filter((field) => field.type === 'symbol');
  const own = fields.some(({ name }) => name === 'sequence') ? '' : '  get sequence() { return this.#first + this.#index; }\n';
  const record = `{ ${fields.map(({ name }) => `${JSON.stringify(name)}: row[${JSON.stringify(name)}]`).join(', ')} }`;
  return `'use strict';
let attach, begin, seek;
class Row {
${parts.members}
  #helpers;
  #chars;
${symbols.map(({ index }) => `  #t${index};\n`).join('')}  #first = 0;
  #index = 0;
  #at = 0;
  constructor(helpers) {
    this.#helpers = helpers;
    this.#chars = helpers.chars;
${symbols.map(({ index }) => `    this.#t${index} = helpers.texts[${index}];\n`).join('')}  }
  static {
    attach = (row, memory, offset, bytes) => {
${parts.attach}
    };
    begin = (row, first) => { row.#first = first; };
    seek = (row, i) => {
      row.#index = i;
      ${parts.seek}
    };
  }
${own}  toJSON() { return objectOf(this); }
  [Symbol.for('deepwater.copy')]() { return objectOf(this); }
  [Symbol.for('nodejs.util.inspect.custom')]() { return objectOf(this); }
${fields.map((field) => `  get [${JSON.stringify(field.name)}]() { ${parts.getter(field)} }`).join('\n')}
}
const tupleOf = (row) => [${fields.map(({ name }) => `row[${JSON.stringify(name)}]`).join(', ')}];
const objectOf = (row) => (${record});
return class GeneratedRowRun extends RowRun {
  #row;
  constructor(helpers) {
    super();
    this.#row = new Row(helpers);
  }
  attach(memory, offset, bytes) { attach(this.#row, memory, offset, bytes); }
  #base = 0;
  #from = 0;
  show(firstSequence, length, base = 0) {
    this.#base = this.#from = base;
    this.firstSequence = firstSequence;
    this.length = length;
    begin(this.#row, firstSequence - base);
  }
  part(from, to) {
    const start = this.#base + from;
    this.firstSequence += start - this.#from;
    this.length = to - from;
    this.#from = start;
  }
  row(i) {
    if (!(i >= 0 && i < this.length)) this.outside(i);
    const row = this.#row;
    seek(row, this.#from + i);
    return row;
  }
  tuple(i) { return tupleOf(this.row(i)); }
  object(i) { return objectOf(this.row(i)); }
  forEach(visit) {
    const row = this.#row;
    for (let i = this.#from, end = i + this.length; i < end; i++) {
      seek(row, i);
      visit(row);
    }
  }
  *[Symbol.iterator]() {
    for (let i = 0, end = this.length; i < end; i++) yield this.row(i);
  }
};`;
}

/** The body of a field's getter. */
function getter(field: Field): string {
  const at = (view: keyof typeof VIEWS, offset = field.slotOffset): string => {
    const bytes = ELEMENT_BYTES[view];
    return bytes === 1 ? `this.#at + ${offset}` : `(this.#at >> ${Math.log2(bytes)}) + ${offset / bytes}`;
  };
  const cell = (view: keyof typeof VIEWS): string => `this.#${view}[${at(view)}]`;
  switch (field.type) {
    case 'char':
      return `return this.#chars[${cell('u8')}];`;
    case 'bool':
      return `return ${cell('u8')} !== 0;`;
    case 'decimal':
      return field.as === 'bigint' ? `return ${cell('i64')};` : `return this.#helpers.${field.as === 'number' ? 'decimalNumber' : 'decimal'}(${cell('i64')}, ${field.scale});`;
    case 'string':
      return `return this.#helpers.text(this.#bytes, this.#at + ${field.slotOffset}, ${field.width});`;
    case 'symbol':
      return `const code = ${cell('u32')}; return this.#t${field.index}[code] ?? this.#helpers.newSymbol(${field.index}, code);`;
    case 'int64':
    case 'uint64': {
      if (field.as !== 'number') return `return ${cell(field.cell as 'u64' | 'i64')};`;
      const signed = field.cell === 'i64';
      const exact = signed ? 'w <= 9007199254740991 && w >= -9007199254740991' : 'w <= 9007199254740991';
      // Two words and a multiplication: a bigint for each value would cost 20 ns.
      return `const j = ${at('u32')}, low = this.#u32[j], high = this.#${signed ? 'i32' : 'u32'}[j + 1], w = high * 4294967296 + low; ` +
        `return ${exact} ? w : this.#helpers.tooWide(${field.index}, high, low);`;
    }
    default:
      return `return ${cell(field.cell as keyof typeof VIEWS)};`;
  }
}
