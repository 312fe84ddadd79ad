export interface Growth { readonly early: number; readonly late: number; readonly most: number }
export interface Together {
  readonly seconds: number;
  readonly records: number;
  readonly queries: number;
  readonly bars: number;
  readonly cleanups: number;
  readonly chunksRemoved: number;
  readonly samples: number;
  readonly growth: Readonly<Record<'anonymousMb' | 'heapMb' | 'externalMb' | 'descriptors' | 'mappings' | 'threads', Growth>>;
}
/** Everything at once. @throws Error with what went wrong */
export function together(options: { seconds: number; seed: number; perSecond?: number; onProgress?: (line: string) => void }): Promise<Together>;
/** What has grown more than noise does. */
export function grown(result: Together): readonly string[];
