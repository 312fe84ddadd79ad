import { deepFreeze } from './freeze.js';
import { BYTES_PER_MB, FEED_DEFAULTS, FEED_LIMITS } from './limits.js';
import { checkFeedName } from './names.js';
import type { Durability, FeedMode, FeedSpec, Instrument } from './spec.js';
import { givenTwice } from './spec-aliases.js';
import { clockUnits } from './spec-clocks.js';
import { normalizeFields, typedFields } from './spec-fields.js';
import { shapeOf, type ShapedSpec } from './spec-shape.js';

type Spelled = ReadonlyMap<string, string>;

/**
 * A feed spec, checked whole and brought into its normal form. Takes camelCase, the reference's snake_case
 * (`feed_name`, `ts_col`, `chunk_size_mb`, `index_playback`, …) or a mixture, and its own output.
 *
 * The result is frozen, plain JSON data, and shares nothing with the input. Parsing is pure: nothing is written.
 *
 * @throws DeepwaterError whose code says which rule was broken: DW_FEED_NAME_INVALID, DW_SPEC_INVALID,
 * DW_FIELD_NAME_INVALID, DW_FIELD_TYPE_UNKNOWN, DW_FIELD_DUPLICATE, DW_FIELD_OPTION_INVALID, DW_FIELD_UNKNOWN (a clock),
 * DW_TIMESTAMP_MISSING, DW_TIMESTAMP_TYPE, DW_SIZE_INVALID, DW_LIMIT_EXCEEDED
 */
export function parseFeedSpec(input: unknown): FeedSpec {
  const { spec, spelled } = shapeOf(input);
  const name = checkFeedName(spec.name);
  const typed = typedFields(spec.fields);
  const units = clockUnits(spec, typed);
  const fields = normalizeFields(typed, units);
  const [[timestamp, timestampUnit], ...clocks] = units;
  const persist = spec.persist ?? FEED_DEFAULTS.persist;
  return deepFreeze({
    name,
    fields,
    timestamp,
    timestampUnit,
    clocks: clocks.map(([clock]) => clock),
    persist,
    mode: modeOf(spec, spelled),
    ...sizesOf(spec, spelled, persist),
    chunkMaxAgeHours: spec.chunkMaxAgeHours ?? FEED_DEFAULTS.chunkMaxAgeHours,
    retentionHours: spec.retentionHours ?? FEED_DEFAULTS.retentionHours,
    ...retentionBytesOf(spec, spelled),
    durability: durabilityOf(spec),
    ...(spec.desc === undefined ? {} : { desc: spec.desc }),
    ...(spec.instrument === undefined ? {} : { instrument: instrumentOf(spec.instrument) }),
  });
}

function modeOf(spec: ShapedSpec, spelled: Spelled): FeedMode {
  const { mode, indexPlayback } = spec;
  if (indexPlayback === undefined) return mode ?? FEED_DEFAULTS.mode;
  const implied = indexPlayback ? 'IF' : 'UF';
  if (mode !== undefined && mode !== implied) {
    throw givenTwice('mode', mode, spelled.get('indexPlayback') ?? 'indexPlayback', indexPlayback);
  }
  return implied;
}

type Sizes = Pick<FeedSpec, 'chunkSizeBytes' | 'ringBytes' | 'ringRecords'>;

function sizesOf(spec: ShapedSpec, spelled: Spelled, persist: boolean): Sizes {
  const given = givenChunkBytes(spec, spelled);
  const chunkSizeBytes = given?.bytes ?? FEED_DEFAULTS.chunkSizeMb * BYTES_PER_MB;
  const sizes: Sizes = {
    chunkSizeBytes,
    ...(spec.ringBytes === undefined ? {} : { ringBytes: spec.ringBytes }),
    ...(spec.ringRecords === undefined ? {} : { ringRecords: powerOfTwo(spec.ringRecords) }),
  };
  // A memory feed has no chunks: its chunk size is the reference's way to give the size of its ring. A ring counted in
  // records needs no size in bytes.
  if (persist || spec.ringRecords !== undefined) return sizes;
  if (given !== undefined && spec.ringBytes !== undefined && given.bytes !== spec.ringBytes) {
    throw givenTwice(given.key, given.value, spelled.get('ringBytes') ?? 'ringBytes', spec.ringBytes);
  }
  const ringBytes = spec.ringBytes ?? given?.bytes ?? FEED_DEFAULTS.memoryRingBytes;
  return { chunkSizeBytes: ringBytes, ringBytes };
}

function givenChunkBytes(spec: ShapedSpec, spelled: Spelled): GivenBytes | undefined {
  return givenBytes('chunkSizeMb', spec.chunkSizeMb, 'chunkSizeBytes', spec.chunkSizeBytes, spelled);
}

/** Left out where there is no limit: specs from before there was this key stay the same. */
function retentionBytesOf(spec: ShapedSpec, spelled: Spelled): Pick<FeedSpec, 'retentionBytes'> {
  const { bytes = 0 } = givenBytes('retentionMb', spec.retentionMb, 'retentionBytes', spec.retentionBytes, spelled) ?? {};
  return bytes === 0 ? {} : { retentionBytes: bytes };
}

interface GivenBytes {
  readonly key: string;
  readonly value: number;
  readonly bytes: number;
}

/** A size that may be given in two units. @throws DeepwaterError DW_SPEC_INVALID where they disagree */
function givenBytes(mbName: string, mb: number | undefined, bytesName: string, bytes: number | undefined, spelled: Spelled): GivenBytes | undefined {
  const mbKey = spelled.get(mbName) ?? mbName;
  const bytesKey = spelled.get(bytesName) ?? bytesName;
  const mbInBytes = mb === undefined ? undefined : Math.round(mb * BYTES_PER_MB);
  if (bytes !== undefined) {
    if (mbInBytes !== undefined && mbInBytes !== bytes) throw givenTwice(mbKey, mb, bytesKey, bytes);
    return { key: bytesKey, value: bytes, bytes };
  }
  return mbInBytes === undefined ? undefined : { key: mbKey, value: mb as number, bytes: mbInBytes };
}

/** The power of two, from 64, that holds `count`; `count` is at most 2^26 here. */
function powerOfTwo(count: number): number {
  return Math.max(FEED_LIMITS.ringRecordsMin, 2 ** (32 - Math.clz32(count - 1)));
}

function durabilityOf({ durability }: ShapedSpec): Durability {
  const level = durability?.level ?? FEED_DEFAULTS.durability;
  const usual = level === 'flush' ? FEED_DEFAULTS.flushIntervalMs : FEED_DEFAULTS.syncIntervalMs;
  return { level, intervalMs: durability?.intervalMs ?? usual };
}

/** The keys in one order, whatever order they were given in. */
function instrumentOf({ exchange, market, symbol, tickType, contractId }: Instrument): Instrument {
  const entries = Object.entries({ exchange, market, symbol, tickType, contractId });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
