import type { FieldAs, FieldType, TimeUnit } from './field-types.js';
import type { FeedMode } from './spec.js';

/** A field, as a user writes it. */
export interface FieldInput {
  /** An identifier; padding may repeat a name (`_` is usual). */
  readonly name: string;
  readonly type: FieldType;
  /** Read an int64, uint64 or decimal as something else than by default. A `number` is exact to 2^53 only. */
  readonly as?: FieldAs;
  /** Decimals, required: digits after the point, 0 to 18. */
  readonly scale?: number;
  /** Strings, required: bytes of a value, 1 to 1024. */
  readonly bytes?: number;
  /** Clocks: their unit, if it is not the feed's `timestampUnit`. */
  readonly unit?: TimeUnit;
  readonly desc?: string;
}

/** What a feed is about, as a user writes it. */
export interface InstrumentInput {
  readonly exchange?: string;
  readonly market?: string;
  readonly symbol?: string;
  readonly tickType?: string;
  readonly tick_type?: string;
  readonly contractId?: number;
  readonly contract_id?: number;
}

/** A durability level, or one with its rhythm (default 50 ms for `flush`, 1000 ms for `sync`). */
export type DurabilityInput =
  | 'flush'
  | 'sync'
  | { readonly level: 'flush' | 'sync'; readonly intervalMs?: number; readonly interval_ms?: number };

/**
 * A feed spec, as a user writes it: camelCase, or the snake_case of the Python Deepwater, or mixed. Give it `as const`,
 * or to a `const` type parameter, and the types of records follow from it.
 */
export interface FeedSpecInput {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`, not starting with a dot, no `..`. Required, here or as `feed_name`. */
  readonly name?: string;
  readonly feed_name?: string;
  /** In record order. */
  readonly fields: readonly FieldInput[];
  /** Name of the uint64 or int64 field that ranges are asked by. Required, here or as `ts_col`. */
  readonly timestamp?: string;
  readonly ts_col?: string;
  /** Default `us`. */
  readonly timestampUnit?: TimeUnit;
  readonly timestamp_unit?: TimeUnit;
  /** Up to seven other uint64 or int64 fields that hold times. */
  readonly clocks?: readonly string[];
  /** Default true; false keeps the feed in memory only. */
  readonly persist?: boolean;
  /** Default `UF`. */
  readonly mode?: FeedMode;
  /** `true` is the reference's way to say `mode: 'IF'`. */
  readonly index_playback?: boolean;
  /** Largest size of a chunk in units of 2^20 bytes, fractions allowed; of a memory feed, the size of its ring. */
  readonly chunkSizeMb?: number;
  readonly chunk_size_mb?: number;
  readonly chunkSizeBytes?: number;
  readonly chunk_size_bytes?: number;
  /** Default 1. */
  readonly chunkMaxAgeHours?: number;
  readonly chunk_max_age_hours?: number;
  /** Default 72; 0 = for ever. */
  readonly retentionHours?: number;
  readonly retention_hours?: number;
  /** Room on disk that the feed's chunks may take before the oldest go, in units of 2^20 bytes. Default 0 = no limit. */
  readonly retentionMb?: number;
  readonly retention_mb?: number;
  readonly retentionBytes?: number;
  readonly retention_bytes?: number;
  /** Slots of the ring, rounded up to a power of two of at least 64. */
  readonly ringRecords?: number;
  readonly ring_records?: number;
  readonly ringBytes?: number;
  readonly ring_bytes?: number;
  /** Default `flush`, every 50 ms. */
  readonly durability?: DurabilityInput;
  readonly desc?: string;
  readonly instrument?: InstrumentInput;
}
