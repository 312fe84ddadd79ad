/** A feed with a field of every type, and records at the ends of their ranges among ordinary ones. */
import { openPlatform } from './support.js';

export const EVERYTHING = {
  name: 'everything',
  desc: 'every type there is',
  instrument: { exchange: 'x', symbol: 'BTC-USD' },
  fields: [
    { name: 'f64', type: 'float64' }, { name: 'f32', type: 'float32' },
    { name: 'i8', type: 'int8' }, { name: 'i16', type: 'int16' }, { name: 'i32', type: 'int32' }, { name: 'i64', type: 'int64' },
    { name: 'u8', type: 'uint8' }, { name: 'u16', type: 'uint16' }, { name: 'u32', type: 'uint32' }, { name: 'u64', type: 'uint64' },
    { name: 'live', type: 'bool' }, { name: 'side', type: 'char' }, { name: 'venue', type: 'symbol' }, { name: 'note', type: 'string', bytes: 8 },
    { name: 'exact', type: 'decimal', scale: 3, desc: 'in dollars' },
    { name: 'ts', type: 'uint64' }, { name: 'seen_ns', type: 'int64', unit: 'ns' }, { name: 'sent_ms', type: 'int64', unit: 'ms' },
  ],
  timestamp: 'ts',
  clocks: ['seen_ns', 'sent_ms'],
  chunkSizeBytes: 16384,
} as const;

export type EveryRecord = [number, number, number, number, number, bigint, number, number, number, bigint, boolean, string, string, string, string, number, bigint, number];

const MAX = 2n ** 63n - 1n;
const EXTREMES: readonly EveryRecord[] = [
  [NaN, NaN, -128, -32768, -2147483648, -MAX - 1n, 0, 0, 0, 0n, false, '\u0000', '', '', '-9223372036854775.808', 0, -(2n ** 62n), 0],
  [Infinity, -Infinity, 127, 32767, 2147483647, MAX, 255, 65535, 4294967295, 2n ** 64n - 1n, true, 'ÿ', 'Börse', '12345678', '9223372036854775.807', 1, 2n ** 62n, 1],
  [-0, 1.5, -1, -1, -1, -1n, 1, 1, 2147483648, 2n ** 63n, true, 'B', 'XNAS', 'ünïc', '-0.001', 2, -1n, -1],
  [5e-324, Math.fround(0.1), 0, 0, 0, 0n, 0, 0, 0, 0n, false, '"', 'a,b', '"x"\n', '0.000', 3, 0n, 2],
];

export function everyRecord(n: number): EveryRecord {
  const extreme = EXTREMES[n];
  if (extreme !== undefined) return extreme;
  return [
    Math.sin(n), Math.fround(Math.cos(n)), n % 100, -n % 30000, n * 1000, BigInt(n) * 10n ** 12n, n % 256, n % 65536, n * 4000, 2n ** 64n - BigInt(n),
    n % 3 === 0, 'BS'[n % 2] as string, `V${n % 50}`, `n${n}`, `${n}.${String(n % 1000).padStart(3, '0')}`, 1_738_368_000_000_000 + n, BigInt(n) * 1_000_007n, 1_738_368_000_000 + n,
  ];
}

/** A store with `count` records of every type, in many chunks. */
export async function storeWithEverything(count: number): Promise<string> {
  const platform = await openPlatform();
  await platform.createFeed(EVERYTHING);
  const writer = await platform.createWriter<typeof EVERYTHING>('everything');
  for (let n = 0; n < count; n++) writer.writeValues(...everyRecord(n));
  await platform.close();
  return platform.basePath;
}
