import {
  DeepwaterError, type Durability, type DurabilityInput, type FeedMode, type FeedSpec, describeValue, didYouMean, parseFeedSpec,
} from '@deepwater/core';

/** How long records are kept, and how they are cut into chunks. */
export interface Lifecycle {
  readonly persist: boolean;
  readonly mode: FeedMode;
  readonly chunkSizeBytes: number;
  readonly chunkMaxAgeHours: number;
  /** 0 = for ever. */
  readonly retentionHours: number;
  /** Room on disk that the chunks may take; 0 = no limit. */
  readonly retentionBytes: number;
  readonly durability: Durability;
  readonly ringRecords?: number;
  readonly ringBytes?: number;
}

/**
 * What may change of a feed. Retention counts from the next clean-up on, everything else from the next writer on. The
 * spellings of the reference (`retention_hours`, …) are taken too.
 */
export interface LifecycleChange {
  readonly retentionHours?: number;
  readonly retention_hours?: number;
  readonly retentionMb?: number;
  readonly retention_mb?: number;
  readonly retentionBytes?: number;
  readonly retention_bytes?: number;
  readonly chunkMaxAgeHours?: number;
  readonly chunk_max_age_hours?: number;
  readonly chunkSizeMb?: number;
  readonly chunk_size_mb?: number;
  readonly chunkSizeBytes?: number;
  readonly chunk_size_bytes?: number;
  readonly durability?: DurabilityInput;
  readonly ringRecords?: number;
  readonly ring_records?: number;
  readonly ringBytes?: number;
  readonly ring_bytes?: number;
}

/** The keys that may change, each with the keys of the old spec that it takes the place of. */
const REPLACES: Readonly<Record<string, readonly (keyof FeedSpec)[]>> = {
  retentionHours: ['retentionHours'],
  retentionMb: ['retentionBytes'],
  retentionBytes: ['retentionBytes'],
  chunkMaxAgeHours: ['chunkMaxAgeHours'],
  chunkSizeMb: ['chunkSizeBytes'],
  chunkSizeBytes: ['chunkSizeBytes'],
  durability: ['durability'],
  ringRecords: ['ringRecords'],
  ringBytes: ['ringBytes'],
};
/** The sizes of a memory feed all say how large its ring is, so that one takes the place of all. */
const RING_SIZES: readonly (keyof FeedSpec)[] = ['chunkSizeBytes', 'ringBytes', 'ringRecords'];

const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Whether a key of a normal spec may be changed by `setLifecycle`. */
export function mayChange(key: string): boolean {
  const [top = ''] = key.split('.');
  return Object.values(REPLACES).some((replaced) => (replaced as readonly string[]).includes(top));
}

export function lifecycleOf(spec: FeedSpec): Lifecycle {
  const { persist, mode, chunkSizeBytes, chunkMaxAgeHours, retentionHours, retentionBytes = 0, durability, ringRecords, ringBytes } = spec;
  return {
    persist, mode, chunkSizeBytes, chunkMaxAgeHours, retentionHours, retentionBytes, durability,
    ...(ringRecords === undefined ? {} : { ringRecords }),
    ...(ringBytes === undefined ? {} : { ringBytes }),
  };
}

/**
 * The spec with another lifecycle, checked whole.
 * @throws DeepwaterError DW_OPTION_INVALID for a key that never changes, DW_SIZE_INVALID, DW_SPEC_INVALID
 */
export function withLifecycle(spec: FeedSpec, change: LifecycleChange): FeedSpec {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) throw invalidChange(describeValue(change));
  const replacedKeys = new Set<string>();
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  for (const [key] of given) {
    const replaced = Object.hasOwn(REPLACES, camelCase(key)) ? REPLACES[camelCase(key)] : undefined;
    if (replaced === undefined) throw invalidChange(`the key ${describeValue(key)}${didYouMean(camelCase(key), Object.keys(REPLACES))}`);
    const isRingSize = !spec.persist && replaced.some((each) => RING_SIZES.includes(each));
    for (const each of isRingSize ? RING_SIZES : replaced) replacedKeys.add(each);
  }
  const kept = Object.entries(spec).filter(([key]) => !replacedKeys.has(key));
  return parseFeedSpec(Object.fromEntries([...kept, ...given]));
}

function invalidChange(what: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `setLifecycle was given ${what}; of a feed only these change: ${Object.keys(REPLACES).join(', ')}. For anything else make another feed.`, {
    values: { given: what, known: Object.keys(REPLACES) },
  });
}
