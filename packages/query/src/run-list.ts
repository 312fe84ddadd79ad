/** Rows of one source as half-open runs [from, to), in order, side by side in one array: from, to, from, to, … */
export class RunList {
  #runs = new Int32Array(8);
  #length = 0;
  /** Rows over all runs. */
  rows = 0;

  /** Appends a run; one that continues the last is joined to it. */
  add(from: number, to: number): void {
    if (from >= to) return;
    this.rows += to - from;
    if (this.#length > 0 && this.#runs[this.#length - 1] === from) {
      this.#runs[this.#length - 1] = to;
      return;
    }
    if (this.#length === this.#runs.length) {
      const grown = new Int32Array(this.#runs.length * 2);
      grown.set(this.#runs);
      this.#runs = grown;
    }
    this.#runs[this.#length] = from;
    this.#runs[this.#length + 1] = to;
    this.#length += 2;
  }

  /** Drops rows from the end until `rows` are left. */
  keepFirst(rows: number): void {
    while (this.rows > rows) {
      const last = this.#length - 2;
      const length = (this.#runs[last + 1] as number) - (this.#runs[last] as number);
      const over = this.rows - rows;
      if (length > over) {
        this.#runs[last + 1] = (this.#runs[last + 1] as number) - over;
        this.rows = rows;
      } else {
        this.#length = last;
        this.rows -= length;
      }
    }
  }

  get pairs(): Int32Array {
    return this.#runs.subarray(0, this.#length);
  }
}

/** Runs in parts of at most `rowsMax` rows. */
export function* splitRuns(runs: Int32Array, rowsMax: number): Generator<Int32Array, void, void> {
  let pairs: number[] = [];
  let rows = 0;
  for (let r = 0; r < runs.length; r += 2) {
    const end = runs[r + 1] as number;
    for (let from = runs[r] as number; from < end; ) {
      const to = Math.min(end, from + rowsMax - rows);
      pairs.push(from, to);
      rows += to - from;
      from = to;
      if (rows < rowsMax) continue;
      yield Int32Array.from(pairs);
      pairs = [];
      rows = 0;
    }
  }
  if (rows > 0) yield Int32Array.from(pairs);
}

/** Rows of a list of runs. */
export function countRuns(pairs: Int32Array): number {
  let rows = 0;
  for (let r = 0; r < pairs.length; r += 2) rows += (pairs[r + 1] as number) - (pairs[r] as number);
  return rows;
}
