import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FeedReader } from '@deepwater/query';
import { feed } from './support/small-feed.js';
import { assertProperty, chances } from './support/seed.js';

const spec = {
  name: 'kernel', fields: [{ name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, { name: 'side', type: 'char' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts',
} as const;

describe('the kernel of bars', () => {
  // Rows of the ring go through the plain loops, rows of chunks in order through the kernel.
  test('gives what the plain loops give, for bars of any length, with rows that it cannot tell about among them', () => {
    const strange = fc.record({ at: fc.integer({ min: 0, max: 7999 }), price: fc.constantFrom(NaN, 0, -0, Infinity, -Infinity, 5), size: fc.constantFrom(NaN, 0, Infinity, 1) });
    assertProperty(fc.property(
      fc.integer({ min: 0, max: 0x7fffffff }), fc.constantFrom(1, 3, 40, 200, 5000), fc.array(strange, { maxLength: 5 }), fc.constantFrom(1000, 3000, 8192), fc.boolean(),
      (seed, perBar, odd, capacityRows, sided) => {
        const fields = sided ? spec.fields : spec.fields.filter(({ name }) => name !== 'side');
        const inRing = feed({ ...spec, fields }, { capacityRows, blockRows: 500, ringSlots: 16_384 });
        const inChunks = feed({ ...spec, fields }, { capacityRows, blockRows: 500, ringSlots: 16_384 });
        const random = chances(seed);
        let time = 1_700_000_000_000_000;
        for (let i = 0; i < 8000; i++) {
          const { price, size } = odd.find(({ at }) => at === i) ?? { price: 100 * random() - 20, size: random() * 1e3 };
          time += Math.floor((2 * random() * 1e6) / perBar);
          const values = sided ? [price, size, 'BSbsx'[i % 5], time] : [price, size, time];
          inRing.write(...values);
          inChunks.write(...values);
        }
        inChunks.drain();
        const bars = (fixture: typeof inRing): unknown => new FeedReader(fixture.source).barsSync(0, 1e16, { resolution: '1s', format: 'columns' });
        expect(bars(inChunks)).toEqual(bars(inRing));
      },
    ), 15);
  });

  test('gives what the plain loops give for decimals and other whole numbers, with sums of more than 64 and of more than 128 bits', () => {
    const kinds = [{ type: 'decimal', scale: 3, as: 'bigint' }, { type: 'int64' }, { type: 'uint64' }] as const;
    const sizes = [...kinds, { type: 'int32' }, { type: 'uint32' }, undefined] as const;
    // Magnitudes: products of 64 bits add up to more than 128 after a few.
    const bits = fc.integer({ min: 1, max: 63 });
    assertProperty(fc.property(
      fc.integer({ min: 0, max: 0x7fffffff }), fc.constantFrom(1, 3, 40, 2000), fc.constantFrom(...kinds), fc.constantFrom(...sizes), bits, bits, fc.boolean(),
      fc.constantFrom(1000, 8192), (seed, perBar, price, size, priceBits, sizeBits, sided, capacityRows) => {
        const fields = [
          { name: 'price', ...price }, ...(size === undefined ? [] : [{ name: 'size', ...size }]), ...(sided ? [{ name: 'side', type: 'char' } as const] : []),
          { name: 'ts', type: 'uint64' } as const,
        ];
        const named = { name: 'exact', fields, timestamp: 'ts' } as const;
        const inRing = feed(named, { capacityRows, blockRows: 500, ringSlots: 4096 });
        const inChunks = feed(named, { capacityRows, blockRows: 500, ringSlots: 4096 });
        const chance = chances(seed);
        const random = (): number => chance() * 2 ** 32;
        const wide = (type: string, width: number): bigint => {
          const word = (BigInt(random()) << 32n) | BigInt(random());
          return type.startsWith('uint') ? word >> BigInt(64 - width - 1) : BigInt.asIntN(64, word) >> BigInt(64 - width - 1);
        };
        let time = 1_700_000_000_000_000;
        for (let i = 0; i < 2500; i++) {
          time += Math.floor((2 * (random() / 2 ** 32) * 1e6) / perBar);
          const cell = size?.type === 'int32' ? random() | 0 : size?.type === 'uint32' ? random() : wide(size?.type ?? 'int64', sizeBits);
          const values = [wide(price.type, priceBits), ...(size === undefined ? [] : [cell]), ...(sided ? ['BSbsx'[random() % 5]] : []), time];
          inRing.write(...values);
          inChunks.write(...values);
        }
        inChunks.drain();
        // As texts with every digit: columns of 64 bits would not hold all sums.
        const bars = (fixture: typeof inRing): unknown => new FeedReader(fixture.source).barsSync(0, 1e16, { resolution: '1s', exact: true });
        expect(bars(inChunks)).toEqual(bars(inRing));
      },
    ), 30);
  });
});
