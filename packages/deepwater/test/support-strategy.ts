import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Strategy } from '../dist/index.js';
import { temporaryDirectory } from './support.js';

/** A strategy module with this text. */
export function moduleOf(text: string, name = 'strategy.mjs'): URL {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return pathToFileURL(file);
}

/** What a strategy emits, in order; `until(n)` waits for n values. */
export class Emitted {
  readonly values: unknown[] = [];
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(strategy: Strategy) {
    strategy.on('emit', (value) => {
      this.values.push(value);
      if (this.#waiting !== undefined && this.values.length >= this.#waiting.count) this.#waiting.resolve();
    });
  }

  async until(count: number): Promise<unknown[]> {
    if (this.values.length < count) await new Promise<void>((resolve) => { this.#waiting = { count, resolve }; });
    return this.values;
  }
}
