import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Platform } from 'deepwater';
import { SEED } from '../../../test/support/seed.js';

/** More operations by `MODEL_OPERATIONS=…`; the same ones again by `SEED=…`. */
const OPERATIONS = Number(process.env['MODEL_OPERATIONS'] ?? 1000);

const base = mkdtempSync(path.join(os.tmpdir(), 'deepwater-model-'));
afterAll(() => { rmSync(base, { recursive: true, force: true }); });

type Row = readonly [id: number, price: number, side: string, received: bigint, time: number];

const spec = {
  name: 'model',
  fields: [
    { name: 'id', type: 'uint32' },
    { name: 'price', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'received_ns', type: 'int64', unit: 'ns' },
    { name: '_', type: '_3' },
    { name: 'time_us', type: 'uint64' },
  ],
  timestamp: 'time_us',
  clocks: ['received_ns'],
  chunkSizeBytes: 40_000, // rotates every 1,300 records
  ringRecords: 512, // wraps all the time
  durability: { level: 'flush', intervalMs: 5 },
} as const;

describe(`a feed against a plain array of its records (seed ${SEED})`, () => {
  it(`answers ${OPERATIONS} random operations as the array does`, { timeout: 120_000 + OPERATIONS * 50 }, async () => {
    let state = SEED >>> 0;
    const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
    const below = (n: number): number => Math.floor(random() * n);

    const model: Row[] = [];
    let clock = 1_700_000_000_000_000;
    let disorder = 0;
    const next = (): Row => {
      clock += below(20);
      const time = clock - (random() < disorder ? below(50_000) : 0);
      return [model.length, below(1e6) / 100, random() < 0.5 ? 'B' : 'S', BigInt(clock) * 1000n + BigInt(below(1000)) - (random() < 0.3 ? BigInt(below(1e6)) : 0n), time];
    };

    let platform = await Platform.open(base, { logLevel: 'silent' });
    await platform.createFeed(spec);
    let writer = await platform.createWriter<typeof spec>('model');
    // The reader outlives writers and platforms; one more in the same process sees the same.
    let reader = await platform.createReader<typeof spec>('model');
    const counts = { written: 0, reads: 0, rowsCompared: 0, reopened: 0 };

    const window = (): [number, number] => {
      const width = [50, 2_000, 100_000, 1e9][below(4)]!;
      const start = 1_700_000_000_000_000 + below(clock - 1_700_000_000_000_000 + 1) - below(100);
      return [start, start + below(width) + 1];
    };
    const same = (got: readonly unknown[], want: readonly unknown[], what: string): void => {
      counts.reads += 1;
      counts.rowsCompared += want.length;
      if (!isSame(got, want)) {
        const at = want.findIndex((row, i) => !isSame(got[i], row));
        expect.fail(`${what} (seed ${SEED}, ${model.length} records): ${got.length} rows for ${want.length}; first difference at ${at}: ${JSON.stringify(got[at], bigints)} for ${JSON.stringify(want[at], bigints)}`);
      }
    };

    for (let operation = 0; operation < OPERATIONS; operation++) {
      const pick = random();
      if (pick < 0.35) {
        for (let i = below(700); i >= 0; i--) {
          const row = next();
          if (random() < 0.5) writer.writeValues(...row);
          else writer.writeObject({ id: row[0], price: row[1], side: row[2], received_ns: row[3], time_us: row[4] });
          model.push(row);
        }
      } else if (pick < 0.45) {
        const from = model.length;
        for (let i = below(2500); i >= 0; i--) model.push(next());
        const rows = model.slice(from);
        writer.writeColumns({
          id: Uint32Array.from(rows, (r) => r[0]), price: Float64Array.from(rows, (r) => r[1]),
          side: random() < 0.5 ? rows.map((r) => r[2]) : Uint8Array.from(rows, (r) => r[2].charCodeAt(0)),
          received_ns: BigInt64Array.from(rows, (r) => r[3]), time_us: rows.map((r) => r[4]),
        });
      } else if (pick < 0.5) {
        if (random() < 0.8) await writer.flush();
        else await writer.sync();
      } else if (pick < 0.51) {
        await writer.close();
        if (random() < 0.5) {
          await platform.close();
          platform = await Platform.open(base, { logLevel: 'silent' });
          reader = await platform.createReader<typeof spec>('model');
        }
        writer = await platform.createWriter<typeof spec>('model');
        expect(writer.position).toBe(model.length);
        counts.reopened += 1;
      } else if (pick < 0.52) {
        disorder = [0, 0.01, 0.5][below(3)]!;
      } else if (pick < 0.65) {
        const [start, end] = window();
        same(await reader.range(start, end), model.filter((r) => r[4] >= start && r[4] < end), `range ${start} ${end}`);
      } else if (pick < 0.72) {
        const [start, end] = window();
        const limit = 1 + below(50);
        same(reader.rangeSync(start, end, { limit, columns: ['time_us', 'id'] }), model.filter((r) => r[4] >= start && r[4] < end).slice(0, limit).map((r) => [r[4], r[0]]), 'range with limit and columns');
      } else if (pick < 0.78) {
        const [start, end] = window().map((t) => BigInt(t) * 1000n) as [bigint, bigint];
        const { received_ns: times, id } = await reader.range(start, end, { by: 'received_ns', format: 'columns' });
        const want = model.filter((r) => r[3] >= start && r[3] < end);
        same([[...times], [...id]], [want.map((r) => r[3]), want.map((r) => r[0])], 'columns by the other clock');
      } else if (pick < 0.83) {
        const [start, end] = window();
        const segments = reader.rangeSync(start, end, { format: 'segments' });
        same(segments.flatMap((s) => [...s.id]), model.filter((r) => r[4] >= start && r[4] < end).map((r) => r[0]), 'segments');
        for (const segment of segments) segment.id.fill(0); // hurts nobody
      } else if (pick < 0.87) {
        const n = 1 + below(3000);
        same(await reader.last(n, { format: 'object' }), model.slice(-n).map(([id, price, side, received_ns, time_us]) => ({ id, price, side, received_ns, time_us })), `last ${n}`);
      } else if (pick < 0.91) {
        const seconds = [0.00001, 0.001, 0.05, 1000][below(4)]!;
        const newest = model.reduce((max, r) => Math.max(max, r[4]), 0);
        same(await reader.latest(seconds), model.filter((r) => r[4] >= newest - Math.round(seconds * 1e6)), `latest ${seconds}`);
      } else if (pick < 0.97) {
        const [time] = window();
        const inclusive = random() < 0.5;
        let want: Row | undefined;
        for (const row of model) if ((inclusive ? row[4] <= time : row[4] < time) && (want === undefined || row[4] >= want[4])) want = row;
        const got = inclusive ? await reader.at(time) : await reader.before(time);
        same([got ?? null], [want ?? null], `${inclusive ? 'at' : 'before'} ${time}`);
      } else {
        const [start, end] = window();
        const raw = await reader.range(start, end, { format: 'raw' });
        const want = model.filter((r) => r[4] >= start && r[4] < end);
        expect(raw.byteLength).toBe(want.length * 32);
        const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
        same(want.map((_, i) => [view.getUint32(i * 32, true), view.getFloat64(i * 32 + 4, true), view.getBigInt64(i * 32 + 13, true), Number(view.getBigUint64(i * 32 + 24, true))]), want.map((r) => [r[0], r[1], r[3], r[4]]), 'raw');
      }
      counts.written = model.length;
    }
    await platform.close();
    console.log(JSON.stringify({ seed: SEED, ...counts }));
    expect(counts.rowsCompared).toBeGreaterThan(OPERATIONS * 100);
  });
});

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

/** Equality of plain data, as of their JSON; a hundred million cells are compared, and to write all of them down takes half a minute. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false;
    return true;
  }
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])) return false;
  return true;
}
