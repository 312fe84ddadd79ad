import { expect, expectTypeOf, test } from 'vitest';
import { parseFeedSpec } from '../dist/schema/index.js';
import type {
  ColumnsOf, FeedSpec, FeedSpecInput, RecordInputOf, RecordOf, TupleInputOf, TupleOf,
} from '../dist/schema/index.js';

// Types are checked by tsc; at run time only that the specs are good ones.

const ALL = {
  name: 'all',
  fields: [
    { name: 'side', type: 'char' },
    { name: '_', type: '_6' },
    { name: 'i8', type: 'int8' },
    { name: 'u32', type: 'uint32' },
    { name: 'f32', type: 'float32' },
    { name: 'price', type: 'float64' },
    { name: '_', type: '_8' },
    { name: 'id', type: 'uint64' },
    { name: 'count', type: 'int64', as: 'number' },
    { name: 'maker', type: 'bool' },
    { name: 'amount', type: 'decimal', scale: 8 },
    { name: 'fee', type: 'decimal', scale: 8, as: 'bigint' },
    { name: 'approx', type: 'decimal', scale: 2, as: 'number' },
    { name: 'venue', type: 'string', bytes: 8 },
    { name: 'symbol', type: 'symbol' },
    { name: 'event', type: 'uint64' },
    { name: 'recv', type: 'int64', unit: 'ns' },
    { name: 'proc', type: 'int64' },
    { name: 'raw', type: 'uint64', as: 'bigint' },
  ],
  timestamp: 'event',
  clocks: ['recv', 'proc', 'raw'],
} as const satisfies FeedSpecInput;

/** As `createFeed` would take it. */
declare function createFeed<const S extends FeedSpecInput>(spec: S): { record: RecordOf<S>; tuple: TupleOf<S> };
/** Only its type is used. */
function typeOf<T>(_make: () => T): T {
  return undefined as unknown as T;
}

test('a record has a value type for each field, and no padding', () => {
  expect(parseFeedSpec(ALL).fields).toHaveLength(ALL.fields.length);
  expectTypeOf<RecordOf<typeof ALL>>().toEqualTypeOf<{
    side: string;
    i8: number;
    u32: number;
    f32: number;
    price: number;
    id: bigint;
    count: number;
    maker: boolean;
    amount: string;
    fee: bigint;
    approx: number;
    venue: string;
    symbol: string;
    event: number;
    recv: bigint;
    proc: number;
    raw: bigint;
  }>();
});

test('a tuple has the same types in field order', () => {
  expectTypeOf<TupleOf<typeof ALL>>().toEqualTypeOf<
    [
      string, number, number, number, number, bigint, number, boolean, string, bigint, number, string, string, number,
      bigint, number, bigint,
    ]
  >();
});

test('columns are the typed arrays of the stored types', () => {
  expectTypeOf<ColumnsOf<typeof ALL>>().toEqualTypeOf<{
    side: Uint8Array;
    i8: Int8Array;
    u32: Uint32Array;
    f32: Float32Array;
    price: Float64Array;
    id: BigUint64Array;
    count: BigInt64Array;
    maker: Uint8Array;
    amount: BigInt64Array;
    fee: BigInt64Array;
    approx: BigInt64Array;
    venue: Uint8Array;
    symbol: Uint32Array;
    event: BigUint64Array;
    recv: BigInt64Array;
    proc: BigInt64Array;
    raw: BigUint64Array;
  }>();
});

test('writing takes numbers and bigints for 64 bits, and texts for decimals too', () => {
  type Input = RecordInputOf<typeof ALL>;
  expectTypeOf<Input['id']>().toEqualTypeOf<number | bigint>();
  expectTypeOf<Input['event']>().toEqualTypeOf<number | bigint>();
  expectTypeOf<Input['count']>().toEqualTypeOf<number | bigint>();
  expectTypeOf<Input['amount']>().toEqualTypeOf<string | number | bigint>();
  expectTypeOf<Input['price']>().toEqualTypeOf<number>();
  expectTypeOf<Input['side']>().toEqualTypeOf<string>();
  expectTypeOf<Input['maker']>().toEqualTypeOf<boolean>();
  expectTypeOf<Input>().not.toHaveProperty('_');
  expectTypeOf<TupleInputOf<typeof ALL>['length']>().toEqualTypeOf<17>();
});

test('what is read can be written', () => {
  expectTypeOf<RecordOf<typeof ALL>>().toExtend<RecordInputOf<typeof ALL>>();
  expectTypeOf<TupleOf<typeof ALL>>().toExtend<TupleInputOf<typeof ALL>>();
});

test('wrong records do not compile', () => {
  type Trade = TupleInputOf<{ fields: [{ name: 'p'; type: 'float64' }, { name: 't'; type: 'uint64' }]; timestamp: 't' }>;
  expectTypeOf<[1.5, 1n]>().toExtend<Trade>();
  expectTypeOf<['1.5', 1n]>().not.toExtend<Trade>();
  expectTypeOf<[1.5]>().not.toExtend<Trade>();
  expectTypeOf<[1.5, 1n, 2]>().not.toExtend<Trade>();
});

test('the reference’s spelling infers the same', () => {
  const SNAKE = {
    feed_name: 'trades',
    fields: [
      { name: 'price', type: 'float64' },
      { name: '_', type: '_8' },
      { name: 'timestamp_us', type: 'uint64' },
    ],
    ts_col: 'timestamp_us',
    chunk_size_mb: 1,
    index_playback: true,
  } as const satisfies FeedSpecInput;
  expect(parseFeedSpec(SNAKE).mode).toBe('IF');
  expectTypeOf<RecordOf<typeof SNAKE>>().toEqualTypeOf<{ price: number; timestamp_us: number }>();
  expectTypeOf<TupleOf<typeof SNAKE>>().toEqualTypeOf<[number, number]>();
});

test('the feed’s unit comes from the spec in either spelling, or from the timestamp field', () => {
  type Fields = [{ name: 't'; type: 'uint64' }, { name: 'u'; type: 'uint64' }];
  type Of<Extra, Fs = Fields> = RecordOf<{ fields: Fs; timestamp: 't'; clocks: ['u'] } & Extra & FeedSpecInput>;
  expectTypeOf<Of<unknown>['t']>().toEqualTypeOf<number>();
  expectTypeOf<Of<{ timestampUnit: 'ms' }>['u']>().toEqualTypeOf<number>();
  expectTypeOf<Of<{ timestampUnit: 'ns' }>['u']>().toEqualTypeOf<bigint>();
  expectTypeOf<Of<{ timestamp_unit: 'ns' }>['t']>().toEqualTypeOf<bigint>();
  type OwnUnit = RecordOf<{ fields: [{ name: 't'; type: 'uint64'; unit: 'ns' }, Fields[1]]; timestamp: 't'; clocks: ['u'] }>;
  expectTypeOf<OwnUnit>().toEqualTypeOf<{ t: bigint; u: bigint }>();
});

test('a const type parameter infers from a literal without `as const`', () => {
  const _made = typeOf(() =>
    createFeed({ name: 'f', fields: [{ name: 'p', type: 'float32' }, { name: 't', type: 'int64' }], timestamp: 't' }),
  );
  expectTypeOf<typeof _made.record>().toEqualTypeOf<{ p: number; t: number }>();
  expectTypeOf<typeof _made.tuple>().toEqualTypeOf<[number, number]>();
});

test('misspelled types and units do not compile', () => {
  typeOf(() =>
    createFeed({
      name: 'f',
      // @ts-expect-error float46 is no type
      fields: [{ name: 'p', type: 'float46' }],
      timestamp: 'p',
    }),
  );
  typeOf(() =>
    createFeed({
      name: 'f',
      fields: [{ name: 't', type: 'uint64' }],
      timestamp: 't',
      // @ts-expect-error seconds are no unit
      timestampUnit: 's',
    }),
  );
});

test('a spec known only at run time gives open records, not errors', () => {
  expectTypeOf<RecordOf<FeedSpec>>().toExtend<Record<string, number | bigint | string | boolean>>();
  expectTypeOf<TupleOf<FeedSpec>>().toExtend<(number | bigint | string | boolean)[]>();
  expectTypeOf<TupleOf<FeedSpecInput>>().toExtend<(number | bigint | string | boolean)[]>();
});

test('256 fields are within the compiler’s limits', () => {
  type Repeat<N extends number, Out extends { name: 'x'; type: 'int8' }[] = []> = Out['length'] extends N
    ? Out
    : Repeat<N, [...Out, { name: 'x'; type: 'int8' }]>;
  type Big = { fields: [...Repeat<255>, { name: 't'; type: 'uint64' }]; timestamp: 't' };
  expectTypeOf<TupleOf<Big>['length']>().toEqualTypeOf<256>();
});
