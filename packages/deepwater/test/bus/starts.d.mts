export interface StartsResult {
  readonly seed: number;
  readonly starts: number;
  readonly records: number;
  /** How many streams began before all records, in history, just before now, about now, in the future, and live. */
  readonly kinds: Readonly<Record<'all' | 'history' | 'recent' | 'border' | 'future' | 'live', number>>;
  readonly chunks: number;
  readonly writers: number;
  readonly kills: number;
}

export function starts(options: { readonly count: number; readonly seed: number }): Promise<StartsResult>;
