/** Prices and sizes as they are stored: 64 bits in two words, which are moved and compared without making a bigint of them. */
import { DeepwaterError, type Field, decimalFromNumber, decimalToNumber, describeValue, formatDecimal, parseDecimal, quickDecimal } from '@deepwater/core/engine';

/** A price or a size: a number, the exact decimal as a text, or (of decimals) the count of 10^-scale as a bigint. */
export type BookAmount = number | string | bigint;

const WORD = 2 ** 32;
/** High words below this one, and not below its negative, belong to integers that numbers hold exactly. */
const SAFE_HIGH = 2 ** 21;

const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);
const scratchCell = new BigInt64Array(scratch.buffer);

/** How amounts of one field are read and made. */
export class AmountCells {
  /** Of the last `set`. */
  high = 0;
  low = 0;
  readonly #power: number;

  /** @param scale digits behind the point of decimals; undefined for float64 */
  constructor(readonly scale: number | undefined) {
    this.#power = 10 ** (scale ?? 0);
  }

  static ofField({ type, scale }: Field): AmountCells {
    return new AmountCells(type === 'float64' ? undefined : (scale ?? 0));
  }

  /** The nearest number. */
  number(high: number, low: number): number {
    if (this.scale === undefined) {
      scratchWords[0] = low;
      scratchWords[1] = high;
      return scratch[0] as number;
    }
    if (high < SAFE_HIGH && high >= -SAFE_HIGH) return (high * WORD + (low >>> 0)) / this.#power;
    return decimalToNumber(this.cell(high, low), this.scale);
  }

  /** Of decimals the text with every digit; of float64 the number. */
  exact(high: number, low: number): string | number {
    return this.scale === undefined ? this.number(high, low) : formatDecimal(this.cell(high, low), this.scale);
  }

  /** The 64 bits as they are stored in a decimal. */
  cell(high: number, low: number): bigint {
    scratchWords[0] = low;
    scratchWords[1] = high;
    return scratchCell[0] as bigint;
  }

  /** Makes `high` and `low` of a value; of texts as exchanges write them without a bigint on the way. @throws DeepwaterError DW_VALUE_TYPE, DW_VALUE_RANGE */
  set(value: BookAmount): void {
    const { scale } = this;
    if (scale === undefined) {
      scratch[0] = typeof value === 'number' ? value : Number(value);
      this.low = scratchWords[0] as number;
      this.high = scratchWords[1] as number;
      return;
    }
    const quick = typeof value === 'string' ? quickDecimal(value, scale) : NaN;
    if (quick === quick) {
      this.low = quick | 0;
      this.high = Math.floor(quick / WORD);
      return;
    }
    scratchCell[0] = int64Of(value, scale);
    this.low = scratchWords[0] as number;
    this.high = scratchWords[1] as number;
  }
}

function int64Of(value: BookAmount, scale: number): bigint {
  if (typeof value === 'string') return parseDecimal(value, scale);
  if (typeof value === 'number') return decimalFromNumber(value, scale);
  if (typeof value === 'bigint' && value === BigInt.asIntN(64, value)) return value;
  throw new DeepwaterError('DW_VALUE_RANGE', `${describeValue(value)} is no amount; give a number, a decimal text, or a bigint that counts 10^-${scale}.`, { values: { value, scale } });
}
