/** The bar that is under way: what its records have said so far. Live bars, history and every kind of bar add up here. */
import { decimalToNumber } from '@deepwater/core/engine';
import type { ColumnArray } from '../row-source.js';
import type { BarFields } from './bar-fields.js';

/** Columns of some rows, as the plain loops go through them. */
export interface BarRows {
  readonly price: ColumnArray;
  readonly size: ColumnArray | undefined;
  /** What each cell of a side says: +1 for a buy, -1 for a sell, 0 for neither; and the cells. */
  readonly side: SideCells | undefined;
}

interface SideCells {
  readonly cells: ColumnArray;
  signOf(cell: number): number;
}

export class OpenBar {
  /** Numbers, or stored integers as bigints, as the fields of the bars say. */
  open: number | bigint = 0;
  high: number | bigint = 0;
  low: number | bigint = 0;
  close: number | bigint = 0;
  count = 0;
  volume: number | bigint = 0;
  value: number | bigint = 0;
  buyVolume: number | bigint = 0;
  sellVolume: number | bigint = 0;
  /** Rows without a price or size that is a number, over all bars. */
  unusable = 0;
  readonly #numbers: boolean;

  constructor(readonly fields: BarFields) {
    this.#numbers = !fields.exactPrice && !fields.exactSize;
    this.clear();
  }

  clear(): void {
    const { exactSize, exactValue } = this.fields;
    this.count = 0;
    this.volume = this.buyVolume = this.sellVolume = exactSize ? 0n : 0;
    this.value = exactValue ? 0n : 0;
  }

  /** Adds rows [from, to), in order. */
  add(rows: BarRows, from: number, to: number): void {
    if (!this.#numbers) this.#addExact(rows, from, to);
    else this.#addNumbers(rows.price as Float64Array, rows.size as Float64Array | undefined, from, to);
    if (this.#numbers && rows.side !== undefined) this.#addSides(rows, rows.side, from, to);
  }

  /** Adds one record. Cells as the columns have them: decimals and 64-bit integers as bigints. NaN is left out. */
  addOne(price: number | bigint, size: number | bigint | undefined, sign: number): boolean {
    // The only values that are not equal to themselves.
    if (price !== price || size !== size) {
      this.unusable++;
      return false;
    }
    const { exactSize, exactValue, priceScale, sizeScale } = this.fields;
    if (this.count++ === 0) this.open = this.high = this.low = price;
    else if (price > this.high) this.high = price;
    else if (price < this.low) this.low = price;
    this.close = price;
    if (size === undefined) return true;
    if (exactSize) this.#addSize(size as bigint, sign);
    else this.#addNumberSize(size as number, sign);
    if (exactValue) this.value = (this.value as bigint) + BigInt(price) * BigInt(size);
    else this.value = (this.value as number) + numberOf(price, priceScale) * numberOf(size, sizeScale);
    return true;
  }

  #addSize(size: bigint, sign: number): void {
    this.volume = (this.volume as bigint) + size;
    if (sign > 0) this.buyVolume = (this.buyVolume as bigint) + size;
    else if (sign < 0) this.sellVolume = (this.sellVolume as bigint) + size;
  }

  #addNumberSize(size: number, sign: number): void {
    this.volume = (this.volume as number) + size;
    if (sign > 0) this.buyVolume = (this.buyVolume as number) + size;
    else if (sign < 0) this.sellVolume = (this.sellVolume as number) + size;
  }

  /** Without sizes volume and value mean nothing, and nobody asks for them. */
  #addNumbers(prices: Float64Array, sizes: Float64Array | undefined, from: number, to: number): void {
    let high = this.high as number;
    let low = this.low as number;
    let close = this.close as number;
    let volume = this.volume as number;
    let value = this.value as number;
    let { count } = this;
    for (let row = from; row < to; row++) {
      const price = prices[row] as number;
      const size = sizes === undefined ? 0 : sizes[row] as number;
      if (price !== price || size !== size) {
        this.unusable++;
        continue;
      }
      if (count++ === 0) this.open = high = low = price;
      if (price > high) high = price;
      if (price < low) low = price;
      close = price;
      volume += size;
      value += price * size;
    }
    this.high = high;
    this.low = low;
    this.close = close;
    this.volume = volume;
    this.value = value;
    this.count = count;
  }

  #addSides({ price, size }: BarRows, side: SideCells, from: number, to: number): void {
    let buy = this.buyVolume as number;
    let sell = this.sellVolume as number;
    for (let row = from; row < to; row++) {
      const sign = side.signOf(side.cells[row] as number);
      if (sign === 0) continue;
      const cell = (size as Float64Array)[row] as number;
      const paid = (price as Float64Array)[row] as number;
      if (cell !== cell || paid !== paid) continue;
      if (sign > 0) buy += cell;
      else sell += cell;
    }
    this.buyVolume = buy;
    this.sellVolume = sell;
  }

  #addExact({ price, size, side }: BarRows, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      this.addOne(price[row] as number | bigint, size?.[row], side === undefined ? 0 : side.signOf(side.cells[row] as number));
    }
  }
}

/** A cell as the nearest number. */
export function numberOf(cell: number | bigint, scale: number): number {
  return typeof cell === 'number' ? cell : decimalToNumber(cell, scale);
}
