import type { DashboardSource } from '../../dist/dashboard/source.js';

export interface ScriptOptions {
  readonly symbols?: readonly string[];
  readonly channels?: readonly ('trades' | 'book' | 'quotes' | 'heartbeats')[];
  readonly seed?: number;
  readonly startMs?: number;
  readonly latencyUs?: number;
  readonly connections?: number;
}

export interface ScriptedSource extends DashboardSource {
  /** Lets so much time go by. */
  advance(ms: number): void;
  readonly nowMs: number;
  /** What has been asked for so far. */
  readonly asked: { tops: string[]; tapes: string[][]; stops: number };
}

export const MANY_SYMBOLS: readonly string[];
export function scriptedSource(options?: ScriptOptions): ScriptedSource;
