/** Entries of `segments.dwg` as bytes, and back. */
import { SEGMENTS, SEGMENTS_MAGIC, SEGMENTS_VERSION, SEGMENT_ENTRY, SEGMENT_ENTRY_BYTES, SEGMENT_KIND, type SegmentKind } from '../layout/segments-layout.js';
import { crc32 } from '../layout/crc.js';
import { getHex, getText, getU64, putHex, putText, putU64 } from '../layout/words.js';

/** Something that happened between two records of a feed. */
export interface SegmentEntry {
  readonly kind: SegmentKind;
  /** Records before it have lower numbers, records after it this one or higher ones. */
  readonly sequence: number;
  /** When, microseconds since 1970. */
  readonly wallUs: number;
  readonly epoch: number;
  /** What the writer said of it; empty where it said nothing. */
  readonly reason: string;
}

/** What a file of segments holds. */
export interface SegmentEntries {
  /** The entries that hold, in the order in which they were appended. */
  readonly entries: readonly SegmentEntry[];
  /** Places from the first on, up to the last entry that holds: the next entry goes behind them. */
  readonly slots: number;
  /** Places among those whose entry does not hold and is not empty. */
  readonly damaged: readonly number[];
  /** What is wrong with the header, if anything is; entries hold or not by themselves. */
  readonly problem?: 'damaged' | 'another feed';
  /** Format version of a header that holds. */
  readonly version?: number;
}

const KIND_MAX = Math.max(...Object.values(SEGMENT_KIND));

export function encodeSegmentEntry(entry: SegmentEntry, feedUid: string): Buffer {
  const bytes = Buffer.alloc(SEGMENT_ENTRY_BYTES);
  const view = viewOf(bytes);
  putU64(view, SEGMENT_ENTRY.SEQUENCE, entry.sequence);
  putU64(view, SEGMENT_ENTRY.WALL_US, entry.wallUs);
  view.setUint32(SEGMENT_ENTRY.KIND, entry.kind, true);
  view.setUint32(SEGMENT_ENTRY.EPOCH, entry.epoch, true);
  putText(view, SEGMENT_ENTRY.REASON, SEGMENT_ENTRY.REASON_BYTES, clipUtf8(entry.reason, SEGMENT_ENTRY.REASON_BYTES));
  view.setUint32(SEGMENT_ENTRY.CRC, entryCrc(bytes, feedUid), true);
  return bytes;
}

export function encodeSegmentsHeader(feedUid: string): Buffer {
  const bytes = Buffer.alloc(SEGMENTS.HEADER_BYTES);
  const view = viewOf(bytes);
  putText(view, SEGMENTS.MAGIC, 8, SEGMENTS_MAGIC);
  view.setUint32(SEGMENTS.VERSION, SEGMENTS_VERSION, true);
  view.setUint32(SEGMENTS.ENTRY_BYTES, SEGMENT_ENTRY_BYTES, true);
  putHex(view, SEGMENTS.FEED_UID, 8, feedUid);
  view.setUint32(SEGMENTS.IDENTITY_CRC, crc32(bytes.subarray(0, SEGMENTS.IDENTITY_CRC)), true);
  return bytes;
}

/** Takes every entry that holds; what is torn or damaged is passed over. */
export function decodeSegments(bytes: Buffer, feedUid: string): SegmentEntries {
  const entries: SegmentEntry[] = [];
  const unheld: number[] = [];
  let slots = 0;
  for (let slot = 0, at: number = SEGMENTS.HEADER_BYTES; at < bytes.length; slot++, at += SEGMENT_ENTRY_BYTES) {
    const entry = decodeEntry(bytes.subarray(at, at + SEGMENT_ENTRY_BYTES), feedUid);
    if (entry === undefined) {
      if (bytes.subarray(at, at + SEGMENT_ENTRY_BYTES).some((byte) => byte !== 0)) unheld.push(slot);
      continue;
    }
    entries.push(entry);
    slots = slot + 1;
  }
  return { entries, slots, damaged: unheld.filter((slot) => slot < slots), ...headerOf(bytes, feedUid) };
}

function decodeEntry(bytes: Buffer, feedUid: string): SegmentEntry | undefined {
  if (bytes.length < SEGMENT_ENTRY_BYTES) return undefined;
  const view = viewOf(bytes);
  const kind = view.getUint32(SEGMENT_ENTRY.KIND, true);
  if (kind < 1 || kind > KIND_MAX || view.getUint32(SEGMENT_ENTRY.CRC, true) !== entryCrc(bytes, feedUid)) return undefined;
  return {
    kind: kind as SegmentKind, sequence: getU64(view, SEGMENT_ENTRY.SEQUENCE), wallUs: getU64(view, SEGMENT_ENTRY.WALL_US),
    epoch: view.getUint32(SEGMENT_ENTRY.EPOCH, true), reason: getText(view, SEGMENT_ENTRY.REASON, SEGMENT_ENTRY.REASON_BYTES),
  };
}

function headerOf(bytes: Buffer, feedUid: string): Pick<SegmentEntries, 'problem' | 'version'> {
  if (bytes.length < SEGMENTS.HEADER_BYTES) return { problem: 'damaged' };
  const view = viewOf(bytes);
  const holds = getText(view, SEGMENTS.MAGIC, 8) === SEGMENTS_MAGIC && view.getUint32(SEGMENTS.IDENTITY_CRC, true) === crc32(bytes.subarray(0, SEGMENTS.IDENTITY_CRC));
  if (!holds) return { problem: 'damaged' };
  if (getHex(view, SEGMENTS.FEED_UID, 8) !== feedUid) return { problem: 'another feed' };
  return { version: view.getUint32(SEGMENTS.VERSION, true) };
}

function entryCrc(bytes: Buffer, feedUid: string): number {
  return crc32(bytes.subarray(0, SEGMENT_ENTRY.CRC), crc32(Buffer.from(feedUid, 'hex')));
}

/** The beginning of a text that has at most so many bytes in UTF-8, cut between characters; no zeros. */
export function clipUtf8(text: string, bytesMax: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of Buffer.from(text.replaceAll('\0', ' ')).toString()) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    kept += character;
  }
  return kept;
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
