/** Many parts of one piece of work: run side by side, put together in order. */
import { callEnd } from './call-end.js';
import type { PoolTask, QueryPool, RunOptions } from './query-pool.js';
import type { Progress } from './task-control.js';

/** One part: the payload of its task, and how many rows it is about, for progress. */
export interface Part {
  readonly payload: unknown;
  readonly rows?: number;
}

export interface MapOptions extends RunOptions, Omit<PoolTask, 'payload' | 'transfer' | 'what'> {
  /** What errors call the whole. */
  readonly what: string;
  /** Parts that run at the same time. Default: the pool's threads. */
  readonly concurrency?: number;
}

/** Results that may wait for one before them, for each part that runs: what is ahead of the order costs memory. */
const AHEAD = 2;
const PROGRESS_MS = 50;

/**
 * Gives results in the order of the parts, whichever is done first; `each` may say false for enough. Parts are taken as threads come free, at most a
 * few ahead of the first without a result. The first error ends the rest.
 */
export async function inOrder<R>(
  pool: QueryPool, parts: Iterable<Part>, { filename, name, what, signal, timeoutMs, onProgress, priority = 'query', group, concurrency = pool.threads }: MapOptions,
  each: (result: R, index: number) => unknown,
): Promise<void> {
  const { own: stop, release } = callEnd(what, [signal], timeoutMs);
  const progress = onProgress === undefined ? undefined : new PartsProgress(parts = [...parts], onProgress);
  const telling = progress === undefined ? undefined : setInterval(() => { tellOr(progress, (error) => { stop.abort(error); }); }, PROGRESS_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      const results = new Map<number, R>();
      const source = parts[Symbol.iterator]();
      let running = 0;
      let taken = 0;
      let given = 0;
      let more = true;
      const fail = (error: unknown): void => {
        more = false;
        reject(error);
        stop.abort(error);
      };
      const give = (): void => {
        for (; results.has(given); given++) {
          const result = results.get(given) as R;
          results.delete(given);
          if (each(result, given) !== false) continue;
          more = false;
          resolve();
          stop.abort();
          return;
        }
      };
      const take = (): void => {
        while (more && running < concurrency && taken - given < concurrency * AHEAD) {
          const next = source.next();
          if (next.done === true) more = false;
          else start(next.value, taken++);
        }
        if (!more && running === 0 && results.size === 0) resolve();
      };
      const start = ({ payload, rows = 0 }: Part, index: number): void => {
        running += 1;
        pool.run<R>({ filename, name, payload, what }, {
          signal: stop.signal, priority, group, ...(progress === undefined ? {} : { onProgress: (at: Progress) => { progress.at(index, at.rows); } }),
        }).then((result) => {
          running -= 1;
          if (stop.signal.aborted) return;
          progress?.at(index, rows);
          results.set(index, result);
          give();
          take();
        }).catch(fail);
      };
      stop.signal.addEventListener('abort', () => { fail(stop.signal.reason); }, { once: true });
      take();
    });
    progress?.tell();
  } finally {
    release();
    clearInterval(telling);
  }
}

/** The rows of all parts together. */
class PartsProgress {
  readonly #of: number;
  readonly #done = new Map<number, number>();

  constructor(parts: Iterable<Part>, private readonly onProgress: (progress: Progress) => void) {
    let of = 0;
    for (const { rows = 0 } of parts) of += rows;
    this.#of = of;
  }

  at(index: number, rows: number): void {
    this.#done.set(index, rows);
  }

  tell(): void {
    let rows = 0;
    for (const done of this.#done.values()) rows += done;
    this.onProgress({ rows, of: Math.max(rows, this.#of) });
  }
}

function tellOr(progress: PartsProgress, fail: (error: unknown) => void): void {
  try {
    progress.tell();
  } catch (error) {
    fail(error);
  }
}
