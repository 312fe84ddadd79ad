import { expectTypeOf, test } from 'vitest';
import type { FeedInfo, FeedSpecInput, Platform, Reader, RecordOf, UntypedSpec, Writer } from '../dist/index.js';
import { subscribe } from '../dist/index.js';

// These are checked by tsc; at run time they do nothing.

const SPEC = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: '_', type: '_7' },
    { name: 'side', type: 'char' },
    { name: 'id', type: 'uint64' },
    { name: 'time', type: 'uint64' },
  ],
  timestamp: 'time',
} as const;
type Spec = typeof SPEC;

/** Only its type is used. */
function typeOf<T>(_make: (platform: Platform) => T): T {
  return undefined as unknown as T;
}
/** Only looked at by the compiler. */
function compiles(_code: (platform: Platform) => Promise<unknown>): void {}

test('a writer with the type of its spec takes its values, and no others', () => {
  const writer = typeOf((platform) => platform.createWriter<Spec>('trades'));
  expectTypeOf(writer).resolves.toEqualTypeOf<Writer<Spec>>();
  compiles(async () => {
    const w = await writer;
    w.writeValues(1.5, 'B', 7n, 5);
    w.writeTuple([1.5, 'B', 7, 5n]);
    w.writeObject({ price: 1.5, side: 'B', id: 7n, time: 5 });
    w.writeColumns({ price: new Float64Array(1), side: ['B'], id: new BigUint64Array(1), time: [5] });
    // @ts-expect-error a price is no text
    w.writeValues('1.5', 'B', 7n, 5);
    // @ts-expect-error the time is missing
    w.writeValues(1.5, 'B', 7n);
    // @ts-expect-error there is no such field
    w.writeObject({ price: 1.5, side: 'B', id: 7n, time: 5, sizes: 3 });
    // @ts-expect-error a column is missing
    w.writeColumns({ price: new Float64Array(1) });
    expectTypeOf(w.position).toEqualTypeOf<number>();
    expectTypeOf(await w.flush()).toBeVoid();
  });
});

test('a reader with the type of its spec gives its records', () => {
  compiles(async (platform) => {
    const reader = await platform.createReader<Spec>('trades');
    expectTypeOf(reader).toEqualTypeOf<Reader<Spec>>();
    expectTypeOf(await reader.range(0, 1)).toEqualTypeOf<[number, string, bigint, number][]>();
    expectTypeOf(await reader.last(1, { format: 'object' })).toEqualTypeOf<RecordOf<Spec>[]>();
    expectTypeOf(reader.rangeSync(0, 1, { format: 'columns', columns: ['price', 'time'] })).toEqualTypeOf<{ price: Float64Array; time: BigUint64Array }>();
    // @ts-expect-error there is no such field
    await reader.last(1, { columns: ['prices'] });
  });
});

test('without it, values are of any of the kinds there are', () => {
  compiles(async (platform) => {
    const writer = await platform.createWriter('trades');
    writer.writeValues(1.5, 'B', 7n, true);
    writer.writeObject({ anything: 1, else: 'x' });
    writer.writeColumns({ price: new Float64Array(1), time: [1, 2] });
    // @ts-expect-error an object is none of them
    writer.writeValues({});
    const reader = await platform.createReader('trades');
    expectTypeOf(reader).toEqualTypeOf<Reader<UntypedSpec>>();
    expectTypeOf((await reader.last(1))[0]![0]!).toEqualTypeOf<number | bigint | string | boolean>();
    expectTypeOf((await reader.last(1, { format: 'object' }))[0]!['price']!).toEqualTypeOf<number | bigint | string | boolean>();
  });
});

test('what createFeed gives says what its records are, unless the fields are known at run time only', () => {
  compiles(async (platform) => {
    const trades = await platform.createFeed({
      name: 'trades', fields: [{ name: 'price', type: 'float64' }, { name: 'id', type: 'uint64' }, { name: 'time', type: 'uint64' }], timestamp: 'time',
    });
    const reader = await platform.createReader(trades);
    expectTypeOf(await reader.range(0, 1)).toEqualTypeOf<[number, bigint, number][]>();
    const writer = await platform.createWriter(trades);
    // @ts-expect-error a price is no text
    writer.writeValues('1.5', 7n, 5);
    expectTypeOf(subscribe(platform.subscription(trades)).poll()?.row(0).price).toEqualTypeOf<number | undefined>();
    const reference = await platform.createFeed({ feed_name: 'x', fields: [{ name: 'p', type: 'float64' }, { name: 't', type: 'uint64' }], ts_col: 't' });
    expectTypeOf((await (await platform.createReader(reference)).last(1))).toEqualTypeOf<[number, number][]>();
    const spec = SPEC as unknown as FeedSpecInput;
    expectTypeOf(await platform.createReader(await platform.createFeed(spec))).toEqualTypeOf<Reader<UntypedSpec>>();
    expectTypeOf(await platform.createReader(platform.feedInfo('trades'))).toEqualTypeOf<Reader<UntypedSpec>>();
  });
});

test('createFeed takes a literal or a spec made at run time', () => {
  expectTypeOf(typeOf((platform) => platform.createFeed(SPEC))).resolves.toExtend<FeedInfo>();
  compiles((platform) => platform.createFeed({ feed_name: 'x', fields: [{ name: 't', type: 'uint64' }], ts_col: 't' }));
  // @ts-expect-error float46 is no type
  compiles((platform) => platform.createFeed({ name: 'x', fields: [{ name: 't', type: 'float46' }], timestamp: 't' }));
});
