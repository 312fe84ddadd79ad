/** Feeds of trades in several shapes of fields, written in ways that spread them over chunks, an open chunk and the ring. */
import fc from 'fast-check';
import type { FeedSpecInput } from '@deepwater/core';
import { type TimeShape, timeOf, timeShape } from './everything.js';
import type { FeedFixture } from './feed-fixture.js';
import { chances } from './seed.js';
import { feed } from './small-feed.js';

/** A trade as the naive model sees it: exact numbers as integers of 10^-scale. */
export interface Trade {
  readonly time: bigint;
  readonly price: number | bigint;
  readonly size: number | bigint;
  readonly side: string;
}

export interface Shape {
  readonly name: string;
  readonly spec: FeedSpecInput;
  /** Digits behind the point of prices and sizes; undefined: floats. */
  readonly priceScale?: number;
  readonly sizeScale?: number;
  /** Units of the clock in a second. */
  readonly second: bigint;
  readonly epoch: bigint;
  /** What is written, of two random numbers below 2^32. */
  readonly price: (random: number) => unknown;
  readonly size: (random: number) => unknown;
}

const side = { name: 'side', type: 'char' } as const;
/** An integer of 10^-scale as a decimal. */
export function decimalText(scaled: bigint, scale: number): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`}`;
}
/** Most sums of these are rounded, so that their order shows. */
const float = (random: number): number => Math.fround(Math.sin(random) * 1000) + random / 7e7;

export const SHAPES: readonly Shape[] = [
  {
    name: 'floats on a clock in us', second: 1_000_000n, epoch: 1_700_000_000_000_000n,
    spec: { name: 'floats', fields: [{ name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, side, { name: 'ts', type: 'uint64' }], timestamp: 'ts' },
    price: (r) => (r % 397 === 0 ? NaN : float(r)), size: (r) => (r % 401 === 0 ? NaN : Math.abs(float(r))),
  },
  {
    name: 'narrow numbers on a clock in ms, around 1970', second: 1000n, epoch: -900n,
    spec: { name: 'narrow', fields: [{ name: 'price', type: 'float32' }, { name: 'size', type: 'uint32' }, side, { name: 'ts', type: 'int64', unit: 'ms' }], timestamp: 'ts' },
    price: (r) => Math.fround(float(r)), size: (r) => r >>> 0,
  },
  {
    name: 'decimals on a clock in ns, around 1970', second: 1_000_000_000n, epoch: -700_000_000n, priceScale: 3, sizeScale: 8,
    spec: {
      name: 'decimals',
      fields: [{ name: 'price', type: 'decimal', scale: 3 }, { name: 'size', type: 'decimal', scale: 8, as: 'bigint' }, side, { name: 'ts', type: 'int64', unit: 'ns' }],
      timestamp: 'ts',
    },
    price: (r) => decimalText(BigInt(r) * 12_345n - 9_000_000_000_000n, 3), size: (r) => BigInt(r) * 123_457n,
  },
  {
    name: 'a decimal price and whole sizes', second: 1_000_000n, epoch: 1_600_000_000_000_000n, priceScale: 8, sizeScale: 0,
    spec: {
      name: 'mixed', fields: [{ name: 'price', type: 'decimal', scale: 8, as: 'number' }, { name: 'size', type: 'uint32' }, side, { name: 'ts', type: 'uint64' }], timestamp: 'ts',
    },
    price: (r) => r / 1e8, size: (r) => r % 100_000,
  },
  {
    name: 'wide integers', second: 1_000_000n, epoch: 1_600_000_000_000_000n, priceScale: 0, sizeScale: 0,
    spec: { name: 'wide', fields: [{ name: 'price', type: 'int64' }, { name: 'size', type: 'uint64' }, side, { name: 'ts', type: 'uint64' }], timestamp: 'ts' },
    price: (r) => BigInt(r) * 2_000_000_011n - 2n ** 62n, size: (r) => BigInt(r) * 4_000_007n,
  },
];

/** How a feed came to be. Times are some ms apart. */
export const history = fc.record({
  shape: fc.constantFrom(...SHAPES),
  times: timeShape,
  capacityRows: fc.constantFrom(64, 100, 256),
  blockRows: fc.constantFrom(7, 32, 64),
  seed: fc.integer({ min: 0, max: 0x7fffffff }),
  steps: fc.array(fc.record({ write: fc.integer({ min: 0, max: 150 }), drain: fc.integer({ min: 0, max: 150 }), seal: fc.integer({ min: 0, max: 9 }) }), { minLength: 1, maxLength: 10 }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** A range of ms from the feed's epoch; mostly all of it. */
export const span = fc.oneof(fc.constant({ from: -10_000, ms: 50_000 }), fc.record({ from: fc.integer({ min: -50, max: 1600 }), ms: fc.integer({ min: 0, max: 1000 }) }));

export interface Built {
  readonly fixture: FeedFixture;
  readonly trades: Trade[];
}

/** @param sideName the name of the field that has the side; bars look for one called `side` */
export function build({ shape, times, capacityRows, blockRows, seed, steps }: History, sideName = 'side'): Built {
  const fixture = feed({ ...shape.spec, fields: shape.spec.fields.map((field) => (field.name === 'side' ? { ...field, name: sideName } : field)) }, { capacityRows, blockRows, ringSlots: 1024 });
  const trades: Trade[] = [];
  const chance = chances(seed);
  const random = (): number => chance() * 2 ** 32;
  const inMs = shape.second / 1000n;
  let n = 0;
  for (const { write, drain, seal } of steps) {
    for (let i = 0; i < write; i++, n++) {
      if (fixture.writer.position - fixture.tail >= 1000) fixture.drain();
      const time = shape.epoch + BigInt(timeOf(times as TimeShape, n, chance())) * inMs;
      const price = shape.price(random());
      const size = shape.size(random());
      const side = 'BbSsx'[random() % 5] as string;
      const inBigints = fixture.schema.fields[3]?.as === 'bigint';
      fixture.write(price, size, side, inBigints ? time : Number(time));
      trades.push({ time, price: scaled(price, shape.priceScale), size: scaled(size, shape.sizeScale), side });
    }
    fixture.drain(drain);
    if (seal === 0) fixture.seal();
  }
  return { fixture, trades };
}

function scaled(value: unknown, scale: number | undefined): number | bigint {
  if (scale === undefined) return value as number;
  if (typeof value === 'bigint') return value;
  const [whole = '', fraction = ''] = (typeof value === 'number' ? value.toFixed(scale) : value as string).split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}
