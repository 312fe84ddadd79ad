/** Segments of a feed of the Python Deepwater, `segments.reg` or, of earlier versions, `segments.json`, and where they begin among its records. */
import path from 'node:path';
import { LIMITS, SEGMENTS_MAGIC, SEGMENT_FIELDS, SEGMENT_REGISTRY, STORE_NAMES } from './python-layout.js';
import { readStoreFile } from './store-file.js';

export interface PythonSegment {
  /** The time of its first record. */
  readonly start: bigint;
  /** How many records its writer counted; undefined where a crash kept it from that. */
  readonly records: number | undefined;
  /** Why it ended. */
  readonly reason: string;
}

/** Records of a feed by their numbers, those of lost chunks included. */
export interface NumberedRecords {
  /** From here on there are records. */
  readonly first: number;
  readonly end: number;
  /** The time of a record, or undefined where it is not there. */
  timeAt(number: number): Promise<bigint | undefined>;
  /** The first record of at least this time, from a number on; as the reference's readers find it, by halving. */
  firstAtOrAfter(time: bigint, from: number): Promise<number>;
}

export interface Boundary {
  /** The number of the first record behind it. */
  readonly record: number;
  readonly reason: string;
}

export interface PythonSegments {
  readonly segments: readonly PythonSegment[];
  /** Why segments are left out. */
  readonly problem?: string;
}

export async function readSegmentList(directory: string): Promise<PythonSegments> {
  const bytes = await readStoreFile(path.join(directory, STORE_NAMES.SEGMENTS), LIMITS.SEGMENTS_BYTES);
  if (bytes !== undefined) return decodeSegmentRegistry(bytes);
  const text = await readStoreFile(path.join(directory, STORE_NAMES.SEGMENTS_JSON), LIMITS.SEGMENTS_BYTES);
  return text === undefined ? { segments: [] } : parseSegmentsJson(text.toString());
}

function decodeSegmentRegistry(bytes: Buffer): PythonSegments {
  const { HEADER_BYTES, ENTRY_BYTES, MAGIC, VERSION, VERSION_AT, HEADER_BYTES_AT, ENTRY_BYTES_AT, COUNT } = SEGMENT_REGISTRY;
  const broken = (why: string): PythonSegments => ({ segments: [], problem: `${STORE_NAMES.SEGMENTS} ${why}; its segments are left out` });
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', MAGIC, MAGIC + SEGMENTS_MAGIC.length) !== SEGMENTS_MAGIC) return broken('is no file of segments');
  const version = bytes.readUInt32LE(VERSION_AT);
  if (version !== VERSION || bytes.readUInt32LE(HEADER_BYTES_AT) !== HEADER_BYTES || bytes.readUInt32LE(ENTRY_BYTES_AT) !== ENTRY_BYTES) return broken(`has version ${version} or other sizes; known is ${VERSION}`);
  const count = bytes.readBigUInt64LE(COUNT);
  const room = Math.floor((bytes.length - HEADER_BYTES) / ENTRY_BYTES);
  if (count > BigInt(room)) return broken(`counts ${count} segments, and has room for ${room}`);
  const segments: PythonSegment[] = [];
  for (let n = 0; n < Number(count); n++) {
    const entry = bytes.subarray(HEADER_BYTES + n * ENTRY_BYTES, HEADER_BYTES + (n + 1) * ENTRY_BYTES);
    const text = (at: number, length: number): string => entry.toString('utf8', at, at + length).split('\0', 1)[0]!.trim();
    segments.push(...usable(
      entry.readBigInt64LE(SEGMENT_FIELDS.START), Number(entry.readBigInt64LE(SEGMENT_FIELDS.RECORDS)),
      text(SEGMENT_FIELDS.STATUS, SEGMENT_FIELDS.STATUS_BYTES), text(SEGMENT_FIELDS.REASON, SEGMENT_FIELDS.REASON_BYTES),
    ));
  }
  return { segments };
}

function parseSegmentsJson(text: string): PythonSegments {
  try {
    const { segments } = JSON.parse(text) as { segments?: unknown };
    if (!Array.isArray(segments)) throw new Error('it has no list of segments');
    return {
      segments: segments.flatMap((each) => {
        const { start_us, records, status, close_reason } = (typeof each === 'object' && each !== null ? each : {}) as Record<string, unknown>;
        return usable(Number.isSafeInteger(start_us) ? BigInt(start_us as number) : -1n, Number.isSafeInteger(records) ? records as number : -1, String(status ?? ''), String(close_reason ?? ''));
      }),
    };
  } catch (cause) {
    return { segments: [], problem: `${STORE_NAMES.SEGMENTS_JSON} cannot be read (${(cause as Error).message}); its segments are left out` };
  }
}

/** -1 stands for nothing. A segment that no record came into is none; one that crashed may have 0 for a count that nobody made. */
function usable(start: bigint, records: number, status: string, reason: string): PythonSegment[] {
  if (start < 0n || status === 'invalid_empty') return [];
  return [{ start, records: records > 0 && status !== 'open' ? records : undefined, reason: reason === '' ? status : reason }];
}

/**
 * Where one segment ends and the next begins. The counts of the writers say it to the record, where the record there has the time at which the segment began;
 * where they do not (a crash left a count out, a ring lost records), the first record of that time is taken.
 */
export async function boundariesOf(segments: readonly PythonSegment[], records: NumberedRecords): Promise<Boundary[]> {
  const boundaries: Boundary[] = [];
  let at = 0;
  let counted: number | undefined = 0;
  for (const [n, { start, records: count }] of segments.entries()) {
    if (n > 0) {
      const exact = counted !== undefined && counted > at && counted < records.end && (counted < records.first || (await records.timeAt(counted)) === start);
      if (!exact) counted = undefined;
      const record: number = counted ?? await records.firstAtOrAfter(start, Math.max(at + 1, records.first));
      if (record >= records.end) break;
      counted = record;
      at = record;
      if (record > records.first) boundaries.push({ record, reason: segments[n - 1]!.reason });
    }
    counted = counted === undefined || count === undefined ? undefined : counted + count;
  }
  return boundaries;
}
