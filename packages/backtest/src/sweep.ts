import { setMaxListeners } from 'node:events';
import { DeepwaterError } from '@deepwater/core/engine';
import type { Progress, QueryPool } from '@deepwater/query';
import type { BacktestProgress, CheckedBacktest } from './options.js';
import type { BacktestResult } from './result.js';
import type { RunOutcome, RunParams, RunPayload, RunPlan } from './run/payload.js';

/** Sets of parameters in a task at most, and records: tasks are to take a moment each, so that results come and threads share the work. */
const SETS_PER_TASK = 64;
const RECORDS_PER_TASK = 2_000_000;
const PROGRESS_MS = 100;

/** The runs of a backtest, in the threads of the pool. */
export class Sweep {
  readonly #results: BacktestResult[];
  readonly #begun = performance.now();
  readonly #rows: number;
  readonly #stop = new AbortController();
  /** Records of tasks that are under way. */
  readonly #underWay = new Map<object, number>();
  #done = 0;
  #recordsDone = 0;

  constructor(private readonly pool: QueryPool, private readonly plan: RunPlan, private readonly options: CheckedBacktest, private readonly resultOf: (outcome: RunOutcome) => BacktestResult) {
    // As many tasks listen to it as there are workers: no leak, as Node would have it from the eleventh on.
    setMaxListeners(0, this.#stop.signal);
    this.#results = new Array<BacktestResult>(options.params.length);
    this.#rows = plan.feeds.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** @throws what ends it */
  async run(): Promise<BacktestResult[]> {
    const { params, signal, timeoutMs, workers = this.pool.threads, onProgress } = this.options;
    signal?.throwIfAborted();
    const tasks = this.#tasks(workers);
    const lanes = Math.min(workers, params.length);
    const onAbort = (): void => { this.#stop.abort(signal?.reason); };
    signal?.addEventListener('abort', onAbort);
    const timeout = timeoutMs === undefined ? undefined : setTimeout(() => { this.#stop.abort(timedOut(this.plan.name, timeoutMs)); }, timeoutMs);
    // The pool's threads do not hold the process; somebody who waits for a backtest does.
    const telling = setInterval(() => { if (onProgress !== undefined) this.#tell(onProgress); }, PROGRESS_MS);
    try {
      await Promise.all(Array.from({ length: lanes }, () => this.#work(tasks)));
    } catch (error) {
      this.#stop.abort(error);
      // Whatever failed first is why the others were ended.
      throw this.#stop.signal.reason;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timeout);
      clearInterval(telling);
    }
    onProgress?.(this.#progress());
    return this.#results;
  }

  /** Small enough that every worker has several, and that none takes long. */
  *#tasks(workers: number): Generator<RunParams[], void, void> {
    const sets = this.options.params.map((params, index) => ({ index, params }));
    const fair = Math.ceil(sets.length / (workers * 4));
    const short = Math.floor(RECORDS_PER_TASK / Math.max(1, this.#rows));
    const size = Math.max(1, Math.min(SETS_PER_TASK, fair, short));
    for (let at = 0; at < sets.length; at += size) yield sets.slice(at, at + size);
  }

  async #work(tasks: Generator<RunParams[], void, void>): Promise<void> {
    for (const sets of tasks) await this.#runSets(sets);
  }

  async #runSets(sets: RunParams[]): Promise<void> {
    const task = {};
    try {
      const outcomes = await this.pool.run<RunOutcome[]>(
        { filename: new URL('./run/run-task.js', import.meta.url), name: 'runSets', payload: { plan: this.plan, sets } satisfies RunPayload, what: `backtest ${this.plan.name}` },
        { signal: this.#stop.signal, priority: 'job', onProgress: ({ rows }: Progress) => { this.#underWay.set(task, rows); } },
      );
      for (const outcome of outcomes) this.#take(this.resultOf(outcome));
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error) || error.code !== 'DW_POOL_WORKER_DIED') throw error;
      // One of them ended its thread. Each alone, the others get their results.
      if (sets.length === 1) this.#take(died(this.plan, sets[0] as RunParams, error));
      else for (const set of sets) await this.#runSets([set]);
    } finally {
      this.#underWay.delete(task);
    }
  }

  #take(result: BacktestResult): void {
    this.#results[result.index] = result;
    this.#done += 1;
    this.#recordsDone += this.#rows;
    this.options.onResult?.(result);
    if (this.options.failFast && result.error !== undefined) throw result.error;
  }

  #progress(): BacktestProgress {
    const runsOf = this.#results.length;
    const recordsOf = runsOf * this.#rows;
    const underWay = [...this.#underWay.values()].reduce((sum, rows) => sum + rows, 0);
    const records = Math.min(recordsOf, this.#recordsDone + underWay);
    const elapsedMs = performance.now() - this.#begun;
    const part = recordsOf > 0 ? records / recordsOf : this.#done / runsOf;
    return { runs: this.#done, runsOf, records, recordsOf, elapsedMs, ...(part > 0 ? { leftMs: elapsedMs / part - elapsedMs } : {}) };
  }

  #tell(onProgress: (progress: BacktestProgress) => void): void {
    try {
      onProgress(this.#progress());
    } catch (error) {
      this.#stop.abort(error);
    }
  }
}

function died({ name }: RunPlan, { index, params }: RunParams, cause: DeepwaterError): BacktestResult {
  const error = new DeepwaterError('DW_STRATEGY_FAILED', `Strategy ${name} ended its thread: ${cause.message}`, { values: { strategy: name, phase: 'uncaught' }, cause });
  return {
    index, params, records: 0, bars: 0, fills: [], trades: [], emitted: [], written: {}, metrics: {}, logs: [], counts: { fills: 0, trades: 0, emitted: 0, logs: 0 }, error,
  };
}

function timedOut(name: string, timeoutMs: number): DeepwaterError {
  return new DeepwaterError('DW_QUERY_TIMEOUT', `The backtest ${name} was not done within ${timeoutMs} ms and was stopped. Raise timeoutMs, or give it fewer sets of parameters or less history at once.`, {
    values: { strategy: name, timeoutMs },
  });
}
