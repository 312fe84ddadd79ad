import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { AsOfJoin, FeedReader } from '@deepwater/query';
import { openDuck } from './support/duckdb.js';
import { FACTORS, type ModelFeed, type ModelRow, buildFeed, feedHistory, filters } from './support/merge-model.js';
import { assertAsyncProperty, assertProperty } from './support/seed.js';
import { BIGINT, DOUBLE, INTEGER } from '@duckdb/node-api';

const open: ModelFeed[] = [];
afterEach(() => {
  for (const { fixture } of open.splice(0)) fixture.remove();
});

function pair(...histories: [Parameters<typeof buildFeed>[1], Parameters<typeof buildFeed>[1]]): [ModelFeed, ModelFeed] {
  const feeds = histories.map((history, i) => buildFeed(i, history)) as [ModelFeed, ModelFeed];
  open.push(...feeds);
  return feeds;
}

const access = ({ fixture }: ModelFeed): { source: ModelFeed['fixture']['source']; check: () => void } => ({ source: fixture.source, check: () => undefined });

/** What prevails at a time: of the greatest times up to it, the one that arrived last. */
function prevailing(rows: readonly ModelRow[], ns: bigint, strict: boolean, tolerance?: bigint): ModelRow | undefined {
  let best: ModelRow | undefined;
  for (const row of rows) {
    if (strict ? row.ns >= ns : row.ns > ns) continue;
    if (best === undefined || row.ns >= best.ns) best = row;
  }
  return best !== undefined && tolerance !== undefined && ns - best.ns > tolerance ? undefined : best;
}

const values = (row: ModelRow | undefined): unknown[] => (row === undefined ? [undefined, undefined, undefined] : [row.price, row.tag, row.time]);

const rules = fc.record({ strict: fc.boolean(), tolerance: fc.option(fc.constantFrom(0, 1e-9, 1e-6, 0.5, 3e4, 1e9), { nil: undefined }), part: fc.option(fc.tuple(fc.nat(), fc.nat()), { nil: undefined }) });

describe('as-of joins', () => {
  test('give each left record in range, in order of arrival, what prevailed at its time', () => {
    assertProperty(fc.property(feedHistory, feedHistory, rules, filters, filters, (one, other, { strict, tolerance, part }, filter, rightFilter) => {
      const [left, right] = pair(one, other);
      const factor = FACTORS[left.unit];
      const ends = part === undefined || left.rows.length === 0 ? undefined
        : part.map((n) => (left.rows[n % left.rows.length] as ModelRow).time).sort((a, b) => (a < b ? -1 : 1));
      const [start, end] = ends ?? [];
      const finest = FACTORS[left.unit] < FACTORS[right.unit] ? FACTORS[left.unit] : FACTORS[right.unit];
      const far = tolerance === undefined ? undefined : BigInt(Math.round(tolerance * Number(1_000_000_000n / finest))) * finest;
      const rights = right.rows.filter((row) => rightFilter?.lets(row) !== false);
      const wanted = left.rows
        .filter((row) => (start === undefined || (row.time >= start && row.time < (end as bigint))) && filter?.lets(row) !== false)
        .map((row) => [...values(row), ...values(prevailing(rights, row.time * factor, strict, far))]);
      const join = new AsOfJoin<unknown[]>(access(left), access(right), {
        strict, where: filter?.where, rightWhere: rightFilter?.where, ...(tolerance === undefined ? {} : { tolerance }), ...(start === undefined ? {} : { start, end }),
      });
      expect(join.allSync()).toEqual(wanted);
      const batches: unknown[] = [];
      for (const batch of join.batchesSync()) batches.push(...batch);
      expect(batches).toEqual(wanted);
    }), 200);
  });

  test('are what at and before give, as objects and as columns too', async () => {
    await assertAsyncProperty(fc.asyncProperty(feedHistory, feedHistory, fc.boolean(), async (one, other, strict) => {
      const unit = one.unit;
      const [left, right] = pair(one, { ...other, unit });
      const reader = new FeedReader(right.fixture.source);
      const options = { strict, prefix: 'r_', columns: ['ts', 'price'], rightColumns: ['tag', 'price'] };
      const objects = await new AsOfJoin<Record<string, unknown>[]>(access(left), access(right), { ...options, format: 'object' }).all();
      const columns = await new AsOfJoin<Record<string, ArrayLike<unknown>>>(access(left), access(right), { ...options, format: 'columns' }).all();
      expect(objects).toHaveLength(left.rows.length);
      for (let i = 0; i < left.rows.length; i += 17) {
        const { time, price } = left.rows[i] as ModelRow;
        const found = (strict ? reader.beforeSync(time, { columns: ['tag', 'price'] }) : reader.atSync(time, { columns: ['tag', 'price'] })) as unknown[] | undefined;
        expect(objects[i]).toEqual({ ts: time, price, r_tag: found?.[0], r_price: found?.[1] });
        expect(['ts', 'price', 'r_tag', 'r_price', 'matched'].map((name) => columns[name]?.[i])).toEqual([time, price, found?.[0] ?? 0, found?.[1] ?? NaN, found === undefined ? 0 : 1]);
      }
      await reader.close();
    }), 40);
  });

  test('are what the ASOF JOIN of DuckDB gives', async () => {
    const duck = await openDuck();
    let n = 0;
    try {
      await assertAsyncProperty(fc.asyncProperty(feedHistory, feedHistory, async (one, other) => {
        const [left, right] = pair(one, other);
        // DuckDB leaves open which of equal times it takes: only the last of each is put in.
        const last = new Map(right.rows.map((row) => [row.ns, row]));
        const fits = ({ ns }: ModelRow): boolean => ns < 2n ** 63n && ns >= -(2n ** 63n);
        if (![...left.rows, ...right.rows].every(fits)) return;
        n += 1;
        const types = { n: INTEGER, ns: BIGINT, price: DOUBLE };
        await duck.table(`l${n}`, types, left.rows.map(({ ns, price }, i) => [i, ns, price]));
        await duck.table(`r${n}`, types, [...last.values()].map(({ ns, price }, i) => [i, ns, price]));
        const rows = await duck.rows(`select l.price as price, r.price as found from l${n} l asof left join r${n} r on l.ns >= r.ns order by l.n`);
        const join = new AsOfJoin<unknown[]>(access(left), access(right), { columns: ['price'], rightColumns: ['price'] });
        expect(join.allSync()).toEqual(rows.map(({ price, found }) => [price, found ?? undefined]));
      }), 40);
    } finally {
      duck.close();
    }
  });
});
