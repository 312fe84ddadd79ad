/**
 * Generates the writer class of a schema. One class serves all feeds of a schema, so its methods stay monomorphic and
 * V8 compiles them once with the offsets as constants.
 *
 * Publishing. Under the JavaScript memory model a record is published by `Atomics.store` of the head after its cells.
 * On x64 a plain store in this place gives the same machine code less the fence: the processor does not reorder stores
 * with stores (x86-TSO), and V8 keeps the order of typed array stores. What the fence would add is that the following
 * look at the bell cannot come first; there the sleeper helps out (membarrier, see bell.ts). The difference is large:
 * `Atomics.store` is a call to a builtin and a locked instruction, 20 to 30 ns against 1. Elsewhere, and where the kernel
 * refuses membarrier, the generated class uses Atomics.
 *
 * There the atomic look at the bell has a second purpose: a release store of the head does not hold back the plain stores that
 * come after it, so the next record's cells could be seen before the head that says that the slot is in the making. No store
 * passes an acquire load before it, and that load does not pass the release store: so the look keeps the next record's cells
 * behind this record's head, and must stay where it is even where nobody sleeps (`BUG_NO_BELL_LOOK` in models/ring.pml).
 */
import { DecimalDigits, DeepwaterError, type Field, RING, type Schema, quickDecimal } from '@deepwater/core/engine';
import { plainPublishing } from './plain-publishing.js';
import type { RowWriter } from './row-writer.js';

/** A class whose constructor the generated one keeps: `RowWriter` with the waiting added. */
export type RowWriterBase<A extends unknown[], W extends RowWriter> = abstract new (...args: A) => W;

const classes = new WeakMap<object, Map<string, unknown>>();

/**
 * The writer class for a schema, made once for each base.
 * @param plain publish with plain stores; decided by the machine when left out.
 */
export function rowWriterClass<A extends unknown[], W extends RowWriter>(
  schema: Schema, base: RowWriterBase<A, W>, plain: boolean = plainPublishing(),
): new (...args: A) => W {
  const ofBase = classes.get(base) ?? new Map<string, unknown>();
  classes.set(base, ofBase);
  const key = `${plain ? 'plain' : 'atomic'} ${schema.canonical}`;
  let compiled = ofBase.get(key);
  if (compiled === undefined) {
    compiled = compile(rowWriterSource(schema, plain), base);
    ofBase.set(key, compiled);
  }
  return compiled as new (...args: A) => W;
}

function compile(source: string, base: object): unknown {
  try {
    return new Function('RowWriter', 'quickDecimal', 'DecimalDigits', source)(base, quickDecimal, DecimalDigits) as unknown;
  } catch (cause) {
    if (!(cause instanceof EvalError)) throw cause;
    throw new DeepwaterError(
      'DW_PLATFORM_UNSUPPORTED',
      'Code generation is switched off in this process (--disallow-code-generation-from-strings); Deepwater compiles a writer for each schema. Start Node without that flag.',
      { cause },
    );
  }
}

/** The text of the class; exported so that tests and people can look at it. */
export function rowWriterSource(schema: Schema, plain: boolean): string {
  const parameters = schema.fields.map((_, i) => `v${i}`);
  const stores = schema.fields.map((field, i) => storeSource(schema, field, i)).join('\n');
  const count = schema.fields.length;
  const mark = schema.indexColumn === undefined ? '' : `
    this.u8[slot * ${schema.slotStride} + ${schema.indexColumn.slotOffset}] = this.indexMark;
    this.indexMark = 0;`;
  const headLow = RING.HEAD >> 2;
  const publish = plain
    ? `this.lo = next;
    if (next === 0) this.publishWrap(); else this.head[0] = next;
    if (this.bellWord[0] !== 0) this.bell.ring();`
    : `this.lo = next;
    if (next === 0) this.publishWrap(); else Atomics.store(this.head, 0, next);
    if (Atomics.load(this.bellWord, 0) !== 0) this.bell.ring();`;
  return `'use strict';
// head at word ${headLow} of the ring
return class GeneratedRowWriter extends RowWriter {
  writeValues(${parameters.join(', ')}) {
    if (arguments.length !== ${count}) this.rejectCount(arguments.length);
    const lo = this.lo;
    if (((lo - this.tailLo) | 0) >= this.room) this.makeRoom();
    const slot = lo & this.mask;
${stores}${mark}
    const next = (lo + 1) | 0;
    ${publish}
  }
  publishWrap() {
    const hi = (this.hi + 1) | 0;
    Atomics.store(this.head, 2, hi);
    Atomics.store(this.head, 0, 0);
    Atomics.store(this.head, 1, hi);
    this.hi = hi;
  }
  writeTuple(r) {
    if (typeof r !== 'object' || r === null || r.length !== ${count}) this.rejectTuple(r);
    this.writeValues(${parameters.map((_, i) => `r[${i}]`).join(', ')});
  }
  writeObject(r) {
    let count = 0;
    for (const key in r) count++;
    if (count !== ${count}${schema.fields.map((f) => ` || r.${f.name} === undefined`).join('')}) this.checkNames(r);
    this.writeValues(${schema.fields.map((f) => `r.${f.name}`).join(', ')});
  }
  checkNames(r) {
    if (typeof r !== 'object' || r === null) this.rejectRecord(r);
${schema.fields.map((f) => `    if (r.${f.name} === undefined) this.rejectMissing(${JSON.stringify(f.name)});`).join('\n')}
    this.checkUnknown(r);
  }
};`;
}

/** Checks one value and stores it; nothing of a rejected record is ever published. */
function storeSource(schema: Schema, field: Field, i: number): string {
  const v = `v${i}`;
  const cell = (bytes: number): string => `slot * ${schema.slotStride / bytes} + ${field.slotOffset / bytes}`;
  const int = (array: string, bytes: number, test: string): string =>
    `    if (typeof ${v} !== 'number' || ${test}) this.reject(${i}, ${v});\n    this.${array}[${cell(bytes)}] = ${v};`;
  const byteAt = `slot * ${schema.slotStride} + ${field.slotOffset}`;
  switch (field.type) {
    case 'float64':
      return `    if (typeof ${v} !== 'number') this.reject(${i}, ${v});\n    this.f64[${cell(8)}] = ${v};`;
    case 'float32': // 2^128 - 2^103 and what lies beyond would be rounded to infinity
      return `    if (typeof ${v} !== 'number' || (${v} - ${v} === 0 && (${v} >= 3.4028235677973366e38 || ${v} <= -3.4028235677973366e38))) this.reject(${i}, ${v});\n    this.f32[${cell(4)}] = ${v};`;
    case 'int8':
      return int('i8', 1, `(${v} << 24 >> 24) !== ${v}`);
    case 'uint8':
      return int('u8', 1, `(${v} & 255) !== ${v}`);
    case 'int16':
      return int('i16', 2, `(${v} << 16 >> 16) !== ${v}`);
    case 'uint16':
      return int('i16', 2, `(${v} & 65535) !== ${v}`);
    case 'int32':
      return int('i32', 4, `(${v} | 0) !== ${v}`);
    case 'uint32':
      return int('i32', 4, `(${v} >>> 0) !== ${v}`);
    case 'bool':
      return `    if (typeof ${v} !== 'boolean') this.reject(${i}, ${v});\n    this.u8[${cell(1)}] = ${v} ? 1 : 0;`;
    case 'char':
      return (
        `    if (typeof ${v} !== 'string' || ${v}.length !== 1 || ${v}.charCodeAt(0) > 255) this.reject(${i}, ${v});\n` +
        `    this.u8[${cell(1)}] = ${v}.charCodeAt(0);`
      );
    case 'symbol':
      return `    this.i32[${cell(4)}] = this.symbolCode(${i}, ${v});`;
    case 'string':
      return `    this.putText(${i}, ${byteAt}, ${v});`;
    case 'decimal': // a number stands for its shortest text; NaN: not a text as exchanges write them, or too large for this
      return `    {
      const scaled = typeof ${v} === 'string' ? quickDecimal(${v}, ${field.scale}) : typeof ${v} === 'number' ? quickDecimal(String(${v}), ${field.scale}) : ${v} instanceof DecimalDigits ? ${v}.scaled(${field.scale}) : NaN;
      if (scaled === scaled) {
        const at = ${cell(4)};
        this.i32[at] = scaled;
        this.i32[at + 1] = Math.floor(scaled / 4294967296);
      } else this.putInt64(${i}, ${byteAt}, ${v});
    }`;
    case 'int64':
    case 'uint64': {
      const low = field.cell === 'i64' ? '-9007199254740991' : '0';
      return `    if (typeof ${v} === 'number') {
      if (!(${v} >= ${low} && ${v} <= 9007199254740991 && Math.floor(${v}) === ${v})) this.reject(${i}, ${v});
      const at = ${cell(4)};
      this.i32[at] = ${v};
      this.i32[at + 1] = Math.floor(${v} / 4294967296);
    } else this.putInt64(${i}, ${byteAt}, ${v});`;
    }
  }
}
