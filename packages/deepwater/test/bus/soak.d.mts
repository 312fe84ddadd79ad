/** What a subscriber saw. */
export interface SubscriberResult {
  readonly name: string;
  readonly feed: string;
  readonly begun: number;
  readonly records: number;
  readonly lost: number;
  readonly runs: number;
}

export interface SoakResult {
  readonly seed: number;
  readonly kills: number;
  readonly stops: number;
  readonly writer: { readonly records: number; readonly seconds: number; readonly chunks: number };
  readonly subscribers: readonly SubscriberResult[];
}

export function soak(options: { readonly records: number; readonly seed: number }): Promise<SoakResult>;
