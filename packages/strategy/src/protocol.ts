/** What the host and the thread of a strategy say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { SerializedError } from '@deepwater/core/engine';
import type { WriterHandle } from '@deepwater/ingest';
import type { BarOptions, ReaderSource, SubscriptionHandle, TimeInput } from '@deepwater/query';
import type { WaitStrategyName } from '@deepwater/ring';
import type { BrokerOptions } from './broker/broker-options.js';

/** Where the strategy begins in each of its feeds, unless it goes on where a predecessor ended. */
export interface StrategyPlace {
  readonly start?: TimeInput;
  /** In feeds of mode IF. */
  readonly playback?: boolean;
}

/** Everything the thread begins with. Plain data and shared memory. */
export interface StrategyInit {
  readonly name: string;
  /** URL of the module. */
  readonly module: string;
  readonly params: unknown;
  readonly feeds: readonly SubscriptionHandle[];
  readonly writers: readonly WriterHandle[];
  /** Of the feeds that are written. */
  readonly written: readonly ReaderSource[];
  readonly place: StrategyPlace;
  readonly wait: WaitStrategyName;
  readonly bars?: BarOptions;
  readonly broker?: BrokerOptions;
  readonly seed: number;
  readonly stats: Float64Array;
  readonly events: MessagePort;
}

/** What was being done when something was thrown. */
export type Phase = 'onStart' | 'onRecord' | 'onBatch' | 'onBar' | 'onFill' | 'onLoss' | 'onParams' | 'onStop' | 'feed' | 'uncaught';

/** A handler, or something that it left behind, threw. */
export interface Failure {
  readonly phase: Phase;
  readonly error: SerializedError;
  /** The record that it was about. */
  readonly feed?: string;
  readonly sequence?: number;
  /** In a backtest: its time, microseconds since 1970. */
  readonly time?: number;
}

export type StrategyMessage =
  | { readonly kind: 'emit'; readonly value: unknown }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly values?: Readonly<Record<string, unknown>> }
  | { readonly kind: 'loss'; readonly feed: string; readonly from: number; readonly to: number }
  /** The last message. */
  | { readonly kind: 'end'; readonly failures: readonly Failure[] };

/** What the thread answers to. */
export interface StrategyService {
  /** Its own code is loaded, native code too: from here on the thread may be terminated. */
  ready(): void;
  /** Loads the module, follows the feeds, takes the writers, calls `onStart`. */
  start(): Promise<void>;
  /** Records are given from here on. @param changed other parameters than it was started with, in an array */
  go(changed: readonly unknown[]): void;
  /** Ends it after the record that is being given; `onStop` is called, the last message sent. */
  stop(): void;
  setParams(params: unknown): Promise<void>;
  /** `context.metrics` */
  metrics(): Record<string, unknown>;
}
