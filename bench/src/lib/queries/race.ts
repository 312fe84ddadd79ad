import type { Peer } from '../benchmark.js';
import { nowNs } from '../clock.js';
import { type Sample, inTurn } from '../sample.js';

/** What somebody answered, and in which time. */
export interface Answer {
  readonly ns: number;
  readonly values: ArrayLike<number>;
}

/** Somebody who answers the question of a line. */
export interface Contender {
  readonly name: string;
  ask(): Answer | Promise<Answer>;
  /** Where it is asked about fewer rows than the others: how many, and what is to come out. */
  readonly rows?: number;
  readonly expected?: ArrayLike<number>;
}

export interface Race {
  /** M rows/s. */
  readonly sample: Sample;
  readonly peers: readonly Peer[];
  readonly problems: readonly string[];
}

export interface RaceOptions {
  readonly rounds: number;
  readonly rows: number;
  readonly expected: ArrayLike<number>;
  /** What the value at a place is, for what is said about a wrong one. */
  readonly label?: (place: number) => string;
}

/** Times a question that is answered at once. @param read makes numbers of the answer, outside the clock */
export function timed<T>(ask: () => T, read: (answer: T) => ArrayLike<number>): () => Answer {
  return () => {
    const started = nowNs();
    const answer = ask();
    return { ns: nowNs() - started, values: read(answer) };
  };
}

/** The same of one that is answered later. */
export function timedAsync<T>(ask: () => Promise<T>, read: (answer: T) => ArrayLike<number>): () => Promise<Answer> {
  return async () => {
    const started = nowNs();
    const answer = await ask();
    return { ns: nowNs() - started, values: read(answer) };
  };
}

/** Takes an answer as it is. */
export const asGiven = (values: ArrayLike<number>): ArrayLike<number> => values;

/** Asks all of them in turn, and holds every value of every answer against what is expected. The first is ours. */
export async function race({ rounds, rows, expected, label = (place) => `value ${place}` }: RaceOptions, ours: Contender, ...peers: readonly Contender[]): Promise<Race> {
  const problems: string[] = [];
  const contestants = Object.fromEntries([ours, ...peers].map((contender) => [contender.name, async () => {
    const { ns, values } = await contender.ask();
    const wrong = wrongValues(values, contender.expected ?? expected, label);
    if (wrong !== undefined && problems.length < 5) problems.push(`${contender.name}: ${wrong}`);
    return ((contender.rows ?? rows) / ns) * 1000;
  }]));
  await inTurn(1, contestants); // everything is compiled then, and every page has been touched
  const samples = await inTurn(rounds, contestants);
  return { sample: samples[ours.name], peers: peers.map(({ name }) => ({ name, sample: samples[name] })), problems };
}

function wrongValues(values: ArrayLike<number>, expected: ArrayLike<number>, label: (place: number) => string): string | undefined {
  if (values.length !== expected.length) return `${values.length} values, not ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    if (values[i] !== expected[i]) return `${label(i)} is ${values[i]}, not ${expected[i]}`;
  }
  return undefined;
}
