import type { Sample } from './sample.js';

/** What the same run measured beside ours: a bare harness, a system tool, the same work done elsewhere. */
export interface Peer {
  readonly name: string;
  readonly sample: Sample;
  /** The peer's unit where it is not the line's own. */
  readonly unit?: string;
}

/** The figure that a line has to reach, and whether it did. */
export interface Target {
  readonly text: string;
  readonly met: boolean;
}

/** One line of the table. */
export interface Line {
  /** Stable: scripts that compare runs go by it. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly sample: Sample;
  readonly target?: Target;
  readonly peers: readonly Peer[];
  /** What was wrong with the values; a line with problems is INVALID, whatever its figure. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** What a benchmark is given. */
export interface BenchContext {
  /** A short run: shows that everything works, not how fast. */
  readonly quick: boolean;
  /** Scratch directory on a disk, of this run alone. */
  readonly directory: string;
  /** Scratch directory in shared memory; undefined where there is none. */
  readonly memoryDirectory: string | undefined;
  /** Run the lines that depend on the version of Node on other versions too. */
  readonly allNodes: boolean;
  /** Which of two sizes: of a full run, of a quick one. */
  pick<T>(full: T, quick: T): T;
  progress(text: string): void;
}

/** One file in `benchmarks/`. It runs in a process of its own. */
export interface Benchmark {
  readonly name: string;
  /** What is measured, in a sentence. */
  readonly title: string;
  /** Flags for the Node process that runs it. */
  readonly nodeFlags?: readonly string[];
  run(context: BenchContext): Promise<Line[]>;
}

/** Builds a line; what is left out is empty. */
export function line(given: Pick<Line, 'id' | 'what' | 'unit' | 'sample'> & Partial<Line>): Line {
  return { peers: [], problems: [], notes: [], ...given };
}

export function atLeast(sample: Sample, wanted: number, unit: string): Target {
  return { text: `≥ ${wanted} ${unit}`, met: sample.median >= wanted };
}

export function atMost(sample: Sample, wanted: number, unit: string): Target {
  return { text: `≤ ${wanted} ${unit}`, met: sample.median <= wanted };
}
