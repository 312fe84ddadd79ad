import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { DeepwaterError } from '@deepwater/core';
import { type PoolOptions, type PoolTask, type Progress, QueryPool, type RunOptions } from '@deepwater/query';

const filename = new URL('./workers/pool-tasks.mjs', import.meta.url);
const pools: QueryPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function newPool(options: PoolOptions = {}): QueryPool {
  const pool = new QueryPool({ threads: 2, ...options });
  pools.push(pool);
  return pool;
}

const newWords = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(16));
const task = (name: string, payload?: unknown): PoolTask => ({ filename, name, payload });
const thrownBy = async (promise: Promise<unknown>): Promise<unknown> => promise.then((value) => { throw new Error(`it gave ${String(value)}`); }, (error: unknown) => error);
const codeOf = async (promise: Promise<unknown>): Promise<string> => (await thrownBy(promise) as DeepwaterError).code;

/** A task that holds a thread of the pool, once it does. */
async function holding(pool: QueryPool, options?: RunOptions): Promise<{ words: Int32Array; done: Promise<unknown> }> {
  const words = newWords();
  const done = pool.run(task('hold', { words }), options);
  done.catch(() => {});
  await expect.poll(() => Atomics.load(words, 0)).toBe(1);
  return { words, done };
}

function letGo(words: Int32Array): void {
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
}

describe('a task', () => {
  test('runs in another thread; plain data is copied, shared memory is shared, memory that is handed over is moved', async () => {
    const pool = newPool();
    const words = newWords();
    expect(await pool.run(task('thread'))).toBeGreaterThan(0);
    expect(await pool.run(task('echo', { a: [1n, 'x'], b: new Float64Array(2) }))).toEqual({ a: [1n, 'x'], b: new Float64Array(2) });
    await pool.run(task('add', { words, by: 7 }));
    expect(words[0]).toBe(7);
    const { cells } = await pool.run<{ cells: Float64Array }>(task('column', { rows: 1000 }));
    expect([cells.length, cells[999], cells.buffer instanceof ArrayBuffer]).toEqual([1000, 0.5, true]);
    const given = new ArrayBuffer(5000);
    expect(await pool.run({ ...task('length', { buffer: given }), transfer: [given] })).toBe(5000);
    expect(given.byteLength).toBe(0);
  });

  test('that throws rejects with class, code, values and cause', async () => {
    const pool = newPool();
    const error = await thrownBy(pool.run(task('fail'))) as DeepwaterError;
    expect(error).toBeInstanceOf(DeepwaterError);
    expect([error.code, error.message, error.values]).toEqual(['DW_RANGE_INVALID', 'the task failed', { low: 5n, nested: { a: 1 } }]);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(await thrownBy(pool.run(task('failLater')))).toBeInstanceOf(TypeError);
    expect(await thrownBy(pool.run(task('fial')))).toMatchObject({ code: 'DW_OPTION_INVALID', message: expect.stringMatching(/exports no function fial.*fail/) as string });
    expect(await thrownBy(pool.run({ filename: new URL('./nowhere.mjs', filename), name: 'x', payload: 1 }))).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
  });

  test('that cannot be cloned is an error', async () => {
    const pool = newPool();
    expect(await thrownBy(pool.run(task('echo', () => {})))).toMatchObject({ name: 'DataCloneError' });
    expect(await pool.run(task('echo', 'goes on'))).toBe('goes on');
  });

  test('with a result that cannot be cloned is told where it cannot, and its thread lives on', async () => {
    const pool = newPool({ threads: 1 });
    const before = await pool.run(task('thread'));
    for (const [kind, place] of [['function', 'result'], ['promise', 'result.list[1].later'], ['symbol', 'result.get("key")']]) {
      expect(await thrownBy(pool.run(task('uncloneable', kind)))).toMatchObject({ code: 'DW_OPTION_INVALID', values: { task: 'uncloneable', place } });
    }
    // What goes around in a circle can be.
    expect(await pool.run(task('uncloneable', 'circle'))).toMatchObject({ itself: { itself: {} } });
    expect(await pool.run(task('thread'))).toBe(before);
  });
});

describe('ending a task before it is done', () => {
  test('aborting rejects with the reason of the signal and frees the thread, which lives on', async () => {
    const pool = newPool({ threads: 1 });
    const before = await pool.run(task('thread'));
    const abort = new AbortController();
    const { words, done } = await holding(pool, { signal: abort.signal });
    const reason = { no: 'longer wanted' };
    abort.abort(reason);
    expect(await thrownBy(done)).toBe(reason);
    expect(await pool.run(task('thread'))).toBe(before);
    expect(Atomics.load(words, 2)).toBe(1);
  });

  test('one that still waits is never run; a signal that is aborted already rejects at once', async () => {
    const pool = newPool({ threads: 1 });
    const { words, done } = await holding(pool);
    const abort = new AbortController();
    const other = newWords();
    const waiting = pool.run(task('add', { words: other, by: 1 }), { signal: abort.signal });
    abort.abort();
    expect(await thrownBy(waiting)).toMatchObject({ name: 'AbortError' });
    expect(await thrownBy(pool.run(task('add', { words: other, by: 1 }), { signal: AbortSignal.abort('before') }))).toBe('before');
    letGo(words);
    expect(await done).toBe('let go');
    await pool.run(task('echo'));
    expect(other[0]).toBe(0);
  });

  test('timeoutMs rejects with DW_QUERY_TIMEOUT, which names it, and the task is told', async () => {
    const pool = newPool({ threads: 1 });
    const words = newWords();
    const error = await thrownBy(pool.run({ ...task('hold', { words }), what: 'the long one' }, { timeoutMs: 20 })) as DeepwaterError;
    expect([error.code, error.values]).toEqual(['DW_QUERY_TIMEOUT', { task: 'the long one', timeoutMs: 20 }]);
    await pool.run(task('echo'));
    expect(Atomics.load(words, 2)).toBe(Atomics.load(words, 0));
  });

  test('progress is told while it runs and at the end; what onProgress throws ends it', async () => {
    const pool = newPool({ threads: 1 });
    const words = newWords();
    const told: Progress[] = [];
    const done = pool.run(task('holdAt', { words, done: 250, of: 1000 }), { onProgress: (progress) => { told.push(progress); } });
    await expect.poll(() => told).toContainEqual({ rows: 250, of: 1000 });
    letGo(words);
    expect(await done).toBe('done');
    expect(told.at(-1)).toEqual({ rows: 1000, of: 1000 });
    const mine = new Error('mine');
    expect(await thrownBy(pool.run(task('holdAt', { words: newWords(), done: 1, of: 2 }), { onProgress: () => { throw mine; } }))).toBe(mine);
    expect(await pool.run(task('echo', 1))).toBe(1);
  });
});

describe('a thread that ends', () => {
  test('has its task run once more in another', async () => {
    const pool = newPool();
    expect(await pool.run(task('exit', { words: newWords(), times: 1 }))).toBe(2);
    expect(await pool.run(task('exit', { words: newWords(), times: 1, code: 0 }))).toBe(2);
  });

  test('twice under one task is DW_POOL_WORKER_DIED, which names the task; others go on', async () => {
    const pool = newPool();
    const words = newWords();
    const error = await thrownBy(pool.run({ ...task('exit', { words, times: 9 }), what: 'sum of feed trades' })) as DeepwaterError;
    expect([error.code, error.values]).toEqual(['DW_POOL_WORKER_DIED', { task: 'sum of feed trades', attempts: 2 }]);
    expect(words[0]).toBe(2);
    const thrown = newWords();
    expect(await thrownBy(pool.run(task('uncaught', { words: thrown })))).toMatchObject({ code: 'DW_POOL_WORKER_DIED', cause: { message: 'nobody catches it' } });
    expect(thrown[0]).toBe(2);
    expect(await Promise.all([1, 2, 3, 4].map((n) => pool.run(task('echo', n))))).toEqual([1, 2, 3, 4]);
  });

  test('by terminate, in the middle of its task', async () => {
    const pool = newPool({ threads: 1 });
    const { words, done } = await holding(pool);
    await pool.workers()[0]?.terminate();
    await expect.poll(() => Atomics.load(words, 0)).toBe(2);
    letGo(words);
    expect(await done).toBe('let go');
  });

  test('again and again while it loads: no task waits for ever', async () => {
    const pool = newPool({ threads: 2 });
    const results = Array.from({ length: 6 }, (_, n) => pool.run(task('echo', n)).catch((error: unknown) => (error as DeepwaterError).code));
    // Before its code is loaded, that is, before it can be inside of koffi.
    for (let round = 0; round < 3; round++) {
      await expect.poll(() => pool.workers().length).toBeGreaterThan(0);
      for (const worker of [...pool.workers()]) await worker.terminate();
    }
    for (const [n, result] of (await Promise.all(results)).entries()) expect([n, 'DW_POOL_WORKER_DIED']).toContain(result);
    await expect.poll(async () => pool.run(task('echo', 'alive')).catch(() => 'dead')).toBe('alive');
  });

  test('for want of memory', async () => {
    const pool = newPool({ threads: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } });
    const words = newWords();
    expect(await thrownBy(pool.run(task('fill', { words })))).toMatchObject({ code: 'DW_POOL_WORKER_DIED', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
    expect(words[0]).toBe(2);
    expect(await pool.run(task('echo', 'next'))).toBe('next');
  });

  test('while a part of its payload was handed over cannot run it again', async () => {
    const pool = newPool({ threads: 1 });
    const words = newWords();
    const buffer = new ArrayBuffer(8);
    expect(await thrownBy(pool.run({ ...task('exit', { words, times: 1, buffer }), transfer: [buffer] }))).toMatchObject({ code: 'DW_POOL_WORKER_DIED', values: { attempts: 1 } });
    expect(words[0]).toBe(1);
  });
});

describe('limits', () => {
  test('more tasks than may wait: DW_POOL_FULL with the limit', async () => {
    const pool = newPool({ threads: 1, queueMax: 2 });
    const { words, done } = await holding(pool);
    const waiting = [pool.run(task('echo', 1)), pool.run(task('echo', 2))];
    expect(await thrownBy(pool.run(task('echo', 3)))).toMatchObject({ code: 'DW_POOL_FULL', values: { limit: 2 } });
    letGo(words);
    expect(await Promise.all([done, ...waiting])).toEqual(['let go', 1, 2]);
    expect(await pool.run(task('echo', 4))).toBe(4);
  });

  test('as many tasks at a time as threads; jobs do not keep queries waiting', async () => {
    const pool = newPool({ threads: 2 });
    const words = newWords();
    const jobs = [1, 2, 3].map(() => pool.run(task('hold', { words }), { priority: 'job' }));
    await expect.poll(() => Atomics.load(words, 0)).toBe(2);
    expect(await pool.run(task('echo', 'a query'))).toBe('a query');
    expect(Atomics.load(words, 0)).toBe(2);
    letGo(words);
    expect(await Promise.all(jobs)).toEqual(['let go', 'let go', 'let go']);
  });
});

describe('many parts', () => {
  test('are given in their order, whatever order they end in, and no more run than there are threads', async () => {
    const pool = newPool({ threads: 2 });
    const words = newWords();
    // Of each two the second ends first.
    const parts = Array.from({ length: 10 }, (_, index) => ({ payload: { words, index, turn: index ^ 1 }, rows: 10 }));
    const got: number[] = [];
    const told: Progress[] = [];
    await pool.map<number>(parts, { filename, name: 'part', what: 'parts', onProgress: (progress) => { told.push(progress); } }, (result, index) => {
      expect(result).toBe(index);
      got.push(result);
    });
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(told.at(-1)).toEqual({ rows: 100, of: 100 });
  });

  test('end early when `each` has enough, with the first error, by the signal, and by the time', async () => {
    const pool = newPool({ threads: 2 });
    const options = { filename, name: 'echo', what: 'parts' };
    function* endless(): Generator<{ payload: number }> {
      for (let n = 0; ; n++) yield { payload: n };
    }
    const got: number[] = [];
    await pool.map<number>(endless(), options, (n) => { got.push(n); return n < 20; });
    expect(got).toEqual(Array.from({ length: 21 }, (_, n) => n));
    expect(await codeOf(pool.map([{ payload: 1 }, { payload: 2 }], { ...options, name: 'fail' }, () => {}))).toBe('DW_RANGE_INVALID');
    const mine = new Error('mine');
    expect(await thrownBy(pool.map(endless(), options, () => { throw mine; }))).toBe(mine);
    const abort = new AbortController();
    expect(await thrownBy(pool.map(endless(), { ...options, signal: abort.signal }, (n) => { if (n === 30) abort.abort('enough'); }))).toBe('enough');
    const words = newWords();
    const late = pool.map([{ payload: { words } }, { payload: { words } }], { ...options, name: 'hold', timeoutMs: 20 }, () => {});
    expect(await thrownBy(late)).toMatchObject({ code: 'DW_QUERY_TIMEOUT', values: { task: 'parts', timeoutMs: 20 } });
    expect(await pool.run(task('echo', 'free'))).toBe('free');
    await pool.map([], options, () => {});
  });
});

describe('closing', () => {
  test('rejects what runs and what waits, and what is asked afterwards', async () => {
    const pool = newPool({ threads: 1 });
    const { done } = await holding(pool);
    const waiting = pool.run(task('echo'));
    waiting.catch(() => {});
    await pool.close();
    expect(await Promise.all([done, waiting, pool.run(task('echo'))].map((each) => codeOf(each)))).toEqual(['DW_PLATFORM_CLOSED', 'DW_PLATFORM_CLOSED', 'DW_PLATFORM_CLOSED']);
    expect(pool.workers()).toHaveLength(0);
  });

  test('while its threads load ends neither the process nor in an error', async () => {
    for (let n = 0; n < 5; n++) {
      const pool = newPool({ threads: 2 });
      void pool.warmUp();
      const asked = thrownBy(pool.run(task('echo')));
      for (let turns = 0; turns < n * 10; turns++) await new Promise<void>((resume) => { setImmediate(resume); });
      await pool.close();
      expect(await asked).toMatchObject({ code: 'DW_PLATFORM_CLOSED' });
    }
  });

  test('a process ends by itself with an idle pool, and with one whose threads are loading', () => {
    const query = new URL('../dist/index.js', import.meta.url).href;
    const idle = `const { QueryPool } = await import('${query}'); const pool = new QueryPool({ threads: 2 });
      process.on('exit', () => pool.closeSync());
      console.log(await pool.run({ filename: new URL('${filename.href}'), name: 'echo', payload: 'idle' }));`;
    const loading = `const { QueryPool } = await import('${query}'); const pool = new QueryPool({ threads: 2 });
      process.on('exit', () => pool.closeSync()); void pool.warmUp();
      setTimeout(() => { console.log('exit'); process.exit(0); }, Number(process.argv[1]));`;
    const run = (code: string, ...args: string[]) => spawnSync(process.execPath, ['--input-type=module', '-e', code, ...args], { encoding: 'utf8', timeout: 30_000 });
    expect(run(idle)).toMatchObject({ status: 0, signal: null, stdout: 'idle\n' });
    for (const after of [20, 40, 60, 80, 100, 120]) expect(run(loading, String(after))).toMatchObject({ status: 0, signal: null, stdout: 'exit\n' });
  });

  test('a pool in a worker thread is as good as one in the main thread', async () => {
    const query = new URL('../dist/index.js', import.meta.url).href;
    const worker = new Worker(`import('node:worker_threads').then(async ({ parentPort }) => {
      const { QueryPool } = await import('${query}'); const pool = new QueryPool({ threads: 1 });
      const got = await pool.run({ filename: new URL('${filename.href}'), name: 'echo', payload: 'deep' });
      await pool.close(); parentPort.postMessage(got); });`, { eval: true });
    expect(await new Promise((resolve, reject) => { worker.on('message', resolve); worker.on('error', reject); })).toBe('deep');
  });
});
