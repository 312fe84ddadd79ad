import type { FieldAs, FieldType, TimeUnit } from './field-types.js';

/** `UF`: plain. `IF`: a writer can mark index points, where playback may start. */
export type FeedMode = 'UF' | 'IF';

/** What accepted records survive by themselves, and how often that is made true. */
export interface Durability {
  /** `flush`: the death of the process. `sync`: power loss, too. */
  readonly level: 'flush' | 'sync';
  readonly intervalMs: number;
}

/** What a feed is about; analytics and REST address feeds by it. */
export interface Instrument {
  readonly exchange?: string;
  readonly market?: string;
  readonly symbol?: string;
  readonly tickType?: string;
  readonly contractId?: number;
}

/** A field of a {@link FeedSpec}. */
export interface NormalizedField {
  readonly name: string;
  readonly type: FieldType;
  /** What values are read as; every field but padding has it. */
  readonly as?: FieldAs;
  /** Decimals: digits after the point. */
  readonly scale?: number;
  /** Strings: bytes of a value. */
  readonly bytes?: number;
  /** Clocks: their unit. */
  readonly unit?: TimeUnit;
  readonly desc?: string;
}

/**
 * A feed spec in its one normal form: what `parseFeedSpec` gives and the registry stores. Plain, frozen JSON data;
 * parsing it again gives the same.
 */
export interface FeedSpec {
  readonly name: string;
  /** In record order, padding included. */
  readonly fields: readonly NormalizedField[];
  /** Name of the field that ranges are asked by unless told otherwise. */
  readonly timestamp: string;
  readonly timestampUnit: TimeUnit;
  /** Names of the other clock fields. */
  readonly clocks: readonly string[];
  /** `false`: memory only. */
  readonly persist: boolean;
  readonly mode: FeedMode;
  /** Largest size of a chunk. A memory feed has no chunks; if sized in bytes, this repeats `ringBytes`. */
  readonly chunkSizeBytes: number;
  readonly chunkMaxAgeHours: number;
  /** 0 = for ever. */
  readonly retentionHours: number;
  /** The oldest chunks go once the feed's chunks take more room on disk than this; without it there is no limit. */
  readonly retentionBytes?: number;
  /** Slots of the ring: a power of two. */
  readonly ringRecords?: number;
  /** Bytes that the ring may take. */
  readonly ringBytes?: number;
  readonly durability: Durability;
  readonly desc?: string;
  readonly instrument?: Instrument;
}
