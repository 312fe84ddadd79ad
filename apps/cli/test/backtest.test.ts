import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { START, Running, deepwater, storeWithTrades, temporaryDirectory } from './support.js';

const COUNT = 3000;
let store: string;
let module: string;

beforeAll(async () => {
  store = await storeWithTrades(COUNT);
  module = join(temporaryDirectory(), 'crossing.mjs');
  writeFileSync(module, `
    export default class {
      n = 0;
      onRecord(trade, context) {
        const { every = 100, fail = false } = context.params ?? {};
        if (fail) throw new Error('as asked');
        if (++this.n % every === 0) context.broker.submit({ feed: 'trades', side: this.n % (2 * every) === 0 ? 'sell' : 'buy', size: 1 });
      }
      onStop(context) { context.emit(this.n); }
    }`);
});

const run = (...args: string[]) => deepwater(['backtest', module, '--feeds', 'trades', '--base-path', store, ...args]);

describe('deepwater backtest', () => {
  test('prints the figures of one run, and the results of a sweep as JSON', async () => {
    const one = await run('--broker', '{}', '--params', '{"every":50}', '--start', String(START), '--end', String(START + 1e12));
    expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: '' });
    expect(one.stdout).toMatch(/records.*3,000/);
    expect(one.stdout).toMatch(/sharpe/);
    const sweep = await run('--broker', '{"takerFeeBps":1}', '--grid', '{"every":[50,100],"fail":[false,true]}', '--json', '--workers', '2');
    const results = JSON.parse(sweep.stdout) as { params: object; emitted: number[]; error?: { code: string }; stats: { fills: number } }[];
    expect(results.map(({ params, emitted, error, stats }) => [params, emitted, error?.code, stats.fills])).toEqual([
      [{ every: 50, fail: false }, [3000], undefined, 59], [{ every: 50, fail: true }, [0], 'DW_STRATEGY_FAILED', 0],
      [{ every: 100, fail: false }, [3000], undefined, 29], [{ every: 100, fail: true }, [0], 'DW_STRATEGY_FAILED', 0],
    ]);
    expect([sweep.code, sweep.stderr]).toEqual([0, expect.stringMatching(/2 of 4 runs failed.*DW_STRATEGY_FAILED/)]);
    const table = await run('--broker', '{}', '--params', '[{"every":10},{"every":20}]');
    expect(table.stdout).toMatch(/params.*sharpe/);
  });

  test('writes a report, whole or not at all', async () => {
    const directory = temporaryDirectory();
    const { code } = await run('--broker', '{}', '--report', join(directory, 'report.html'));
    expect(code).toBe(0);
    expect(readdirSync(directory)).toEqual(['report.html']);
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    const refused = await run('--broker', '{}', '--report', join(directory, 'none', 'report.html'));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('DW_SYSTEM_CALL')]);
  });

  test('ends with 1 where no run came to its end, and where something is wrong with what was asked', async () => {
    const wrong: [string[], string][] = [
      [['--params', '{"fail":true}'], '1 of 1 runs failed'], [['--params', '{fail}'], 'Give JSON'], [['--grid', '[1]'], 'JSON object'], [['--grid', '{"a":5}'], 'DW_OPTION_INVALID'],
      [['--broker', '{"latency":5}'], 'DW_OPTION_INVALID'], [['--grid', '{}', '--params', '{}'], 'cannot be used with'], [['--start', 'soon'], 'DW_RANGE_INVALID'], [['--writes', 'a,,b'], 'separated by commas'],
      [['--feeds', 'trads'], 'DW_FEED_UNKNOWN'],
    ];
    for (const [args, said] of wrong) {
      const { code, stderr } = await run(...args);
      expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
      expect(stderr).not.toContain('    at ');
    }
    expect((await deepwater(['backtest', module, '--base-path', store])).stderr).toContain('--feeds');
  });

  test('is cancelled by SIGINT: exit code 1, and how far it was', async () => {
    const slow = join(temporaryDirectory(), 'slow.mjs');
    writeFileSync(slow, 'import { writeSync } from "node:fs"; export function onRecord() { writeSync(1, "running\\n"); for (const end = performance.now() + 5; performance.now() < end;) ; }');
    const running = new Running(['backtest', slow, '--feeds', 'trades', '--params', '[1,2,3,4]', '--base-path', store]);
    await running.lines(1);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/cancelled after 0 of 4 runs/)]);
  });
});
