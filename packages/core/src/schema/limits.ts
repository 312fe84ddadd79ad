/** Limits of feeds and records, and the defaults of a spec. Sizes in bytes, ages in hours, rhythms in milliseconds. */
export const FEED_LIMITS = {
  feedNameCharsMax: 64,
  fieldNameCharsMax: 64,
  fieldsMax: 256,
  recordBytesMax: 64 * 1024,
  /** The query timestamp and seven more. */
  clocksMax: 8,
  paddingBytesMax: 4096,
  stringBytesMax: 1024,
  /** 10^18 is the largest power of ten that fits an int64. */
  decimalScaleMax: 18,
  chunkBytesMin: 4096,
  chunkBytesMax: 1024 ** 3,
  /** 2^50: more means "no limit", which is 0. */
  retentionBytesMax: 2 ** 50,
  ringBytesMin: 4096,
  ringBytesMax: 1024 ** 3,
  ringRecordsMin: 64,
  ringRecordsMax: 2 ** 26,
  /** 114 years: longer means "for ever", which is 0. */
  ageHoursMax: 1_000_000,
  intervalMsMin: 1,
  intervalMsMax: 3_600_000,
  descCharsMax: 4096,
  instrumentCharsMax: 128,
} as const;

/** What a spec gets where it says nothing. */
export const FEED_DEFAULTS = {
  timestampUnit: 'us',
  persist: true,
  mode: 'UF',
  chunkSizeMb: 64,
  chunkMaxAgeHours: 1,
  retentionHours: 72,
  durability: 'flush',
  flushIntervalMs: 50,
  syncIntervalMs: 1000,
  /** The ring of a memory feed whose spec gives no size. */
  memoryRingBytes: 8 * 1024 * 1024,
} as const;

/** "Megabyte" in `chunkSizeMb` is 2^20 bytes, as in the reference (64 → 67,108,864). */
export const BYTES_PER_MB = 1024 * 1024;
