export interface MutationResult {
  readonly count: number;
  readonly seed: number;
  /** How often reads ended with which error; `right` is what was written. */
  readonly codes: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly failed: number | string; readonly seed: number; readonly store?: string; readonly what?: string; readonly wrong: string }[];
}

export function mutations(options: { readonly count: number; readonly seed: number; readonly from?: number; readonly workers?: number; readonly every?: string; readonly onProgress?: (done: number) => void }): Promise<MutationResult>;
