import type { SubscriberResult } from './soak.mjs';

/** A run that is under way, as far as kinds of kills need it. */
export interface KillRun {
  /** Records of each feed at the end. */
  readonly end: number;
  readonly random: () => number;
  /** What subscribers said that came to the end, by name. */
  readonly results: ReadonlyMap<string, SubscriberResult>;
  /** Has the writing process do something: `terminate` a thread by its name, for one. */
  ask(command: string, values: object): Promise<void>;
}

export interface KillsResult<K extends string> {
  readonly seed: number;
  readonly killed: Readonly<Record<K, number>>;
  readonly records: number;
  readonly subscribers: readonly SubscriberResult[];
}

export type Kill = (run: KillRun) => Promise<void>;

/** What is killed where nothing else is said. Add to it what else there is. */
export const KINDS: Readonly<Record<'ingest' | 'keeper' | 'thread' | 'strategy' | 'process' | 'waker' | 'writer', Kill>>;

export function kills<K extends string = keyof typeof KINDS>(options: {
  readonly count: number;
  readonly seed: number;
  readonly kinds?: Readonly<Record<K, Kill>>;
}): Promise<KillsResult<K>>;
