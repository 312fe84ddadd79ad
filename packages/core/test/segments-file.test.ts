import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  SEAL_REASON, SEGMENTS, SEGMENT_ENTRY_BYTES, SEGMENT_KIND, type SegmentEntry, SegmentsFile, clipUtf8, crc32, decodeSegments, encodeSegmentEntry,
  encodeSegmentsHeader, readSegments, segmentsOfChunks, writeSegments,
} from '@deepwater/core';

const directory = mkdtempSync(join(tmpdir(), 'dw-segments-'));
afterAll(() => { rmSync(directory, { recursive: true }); });
const UID = '0123456789abcdef';
const OTHER = 'fedcba9876543210';
let files = 0;
const newPath = (): string => join(directory, `segments-${files++}.dwg`);

const entry = (kind: SegmentEntry['kind'], sequence: number, reason = ''): SegmentEntry => ({ kind, sequence, wallUs: 1_700_000_000_000_000 + sequence, epoch: 3, reason });
const SOME = [entry(SEGMENT_KIND.OPENED, 0), entry(SEGMENT_KIND.MARKED, 2 ** 40 + 5, 'socket closed (1006)'), entry(SEGMENT_KIND.CLOSED, 2 ** 52)];

describe('a file of segments', () => {
  it('gives back what was written, through any number of openings', () => {
    const path = newPath();
    for (const [slot, each] of SOME.entries()) {
      const { segments, held } = SegmentsFile.open(path, 'owner', UID);
      expect(held.entries).toEqual(SOME.slice(0, slot));
      segments.write(held.slots, each);
      segments.sync();
      segments.close();
    }
    expect(readSegments(path, UID)).toEqual({ entries: SOME, slots: 3, damaged: [], version: 1 });
  });

  it('is undefined where there is none', () => {
    expect(readSegments(newPath(), UID)).toBeUndefined();
  });

  it('passes over a torn tail, and writes over it', () => {
    const path = newPath();
    writeSegments(path, 'owner', UID, SOME);
    for (const torn of [1, 60, SEGMENT_ENTRY_BYTES - 1]) {
      writeSegments(path, 'owner', UID, SOME);
      appendFileSync(path, encodeSegmentEntry(entry(SEGMENT_KIND.OPENED, 9), UID).subarray(0, torn));
      expect(readSegments(path, UID)).toMatchObject({ entries: SOME, slots: 3, damaged: [] });
    }
    const { segments, held } = SegmentsFile.open(path, 'owner', UID);
    segments.write(held.slots, entry(SEGMENT_KIND.OPENED, 11));
    segments.close();
    expect(readSegments(path, UID)?.entries).toEqual([...SOME, entry(SEGMENT_KIND.OPENED, 11)]);
  });

  it('loses no more than the entry whose byte was damaged, whichever byte', () => {
    const whole = Buffer.concat([encodeSegmentsHeader(UID), ...SOME.map((each) => encodeSegmentEntry(each, UID))]);
    for (let at = 0; at < whole.length; at++) {
      if (at >= 64 && at < SEGMENTS.HEADER_BYTES) continue; // nothing is there
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x10;
      const { entries, problem, damaged } = decodeSegments(bytes, UID);
      if (at < 64) {
        expect(entries).toEqual(SOME);
        expect(problem, `byte ${at}`).toBe('damaged');
      } else {
        const slot = Math.floor((at - SEGMENTS.HEADER_BYTES) / SEGMENT_ENTRY_BYTES);
        expect(entries, `byte ${at}`).toEqual(SOME.filter((_, i) => i !== slot));
        expect(damaged).toEqual(slot === 2 ? [] : [slot]);
      }
    }
  });

  it('knows a place that was taken and never written from a damaged one', () => {
    const path = newPath();
    const { segments } = SegmentsFile.open(path, 'owner', UID);
    segments.write(0, SOME[0]!);
    segments.write(2, SOME[2]!);
    segments.close();
    expect(readSegments(path, UID)).toMatchObject({ entries: [SOME[0], SOME[2]], slots: 3, damaged: [] });
  });

  it('takes no entry of a feed that had the name before', () => {
    const path = newPath();
    writeSegments(path, 'owner', OTHER, SOME);
    expect(readSegments(path, UID)).toMatchObject({ entries: [], problem: 'another feed' });
    const { segments, held } = SegmentsFile.open(path, 'owner', UID);
    segments.write(held.slots, SOME[1]!);
    segments.close();
    expect(readSegments(path, UID)).toMatchObject({ entries: [SOME[1]], slots: 1 });
  });

  it('refuses a newer format', () => {
    const path = newPath();
    const header = encodeSegmentsHeader(UID);
    header.writeUInt32LE(2, SEGMENTS.VERSION);
    header.writeUInt32LE(crc32(header.subarray(0, SEGMENTS.IDENTITY_CRC)), SEGMENTS.IDENTITY_CRC);
    writeFileSync(path, header);
    expect(() => readSegments(path, UID)).toThrow(expect.objectContaining({ code: 'DW_FORMAT_VERSION' }));
    expect(() => SegmentsFile.open(path, 'owner', UID)).toThrow(expect.objectContaining({ code: 'DW_FORMAT_VERSION' }));
    expect(readFileSync(path)).toEqual(header);
  });

  it('keeps the beginning of a reason that is too long, in whole characters', () => {
    expect(clipUtf8('a'.repeat(200), 96)).toBe('a'.repeat(96));
    expect(clipUtf8('é'.repeat(200), 95)).toBe('é'.repeat(47));
    expect(clipUtf8('🌊'.repeat(30), 96)).toBe('🌊'.repeat(24));
    expect(clipUtf8('a\0b\ud800', 96)).toBe('a b�');
  });
});

describe('segments of chunks', () => {
  const chunk = (firstSequence: number, rows: number, epoch: number, sealReason: number) => ({
    firstSequence, rows, epoch, createdUs: 10 * epoch, sealedUs: 10 * epoch + 5, sealReason: sealReason as 0,
  });
  const shapes = (...chunks: ReturnType<typeof chunk>[]) => segmentsOfChunks(chunks).map(({ kind, sequence, epoch, wallUs }) => [kind, sequence, epoch, wallUs]);

  it('begin and end with epochs, and say how by the last seal', () => {
    expect(shapes(
      chunk(0, 100, 1, SEAL_REASON.FULL), chunk(100, 50, 1, SEAL_REASON.CLOSED), chunk(150, 10, 2, SEAL_REASON.RECOVERED),
      chunk(160, 10, 3, SEAL_REASON.POWER_LOSS), chunk(2 ** 36, 10, 5, SEAL_REASON.AGE), chunk(2 ** 36 + 10, 3, 6, 0),
    )).toEqual([
      [SEGMENT_KIND.OPENED, 0, 1, 10], [SEGMENT_KIND.CLOSED, 150, 1, 15], [SEGMENT_KIND.OPENED, 150, 2, 20], [SEGMENT_KIND.CRASHED, 160, 2, 25],
      [SEGMENT_KIND.OPENED, 160, 3, 30], [SEGMENT_KIND.POWER_LOST, 170, 3, 35], [SEGMENT_KIND.OPENED, 2 ** 36, 5, 50], [SEGMENT_KIND.UNKNOWN, 2 ** 36 + 10, 5, 55],
      [SEGMENT_KIND.OPENED, 2 ** 36 + 10, 6, 60],
    ]);
  });

  it('of no chunk are none', () => {
    expect(segmentsOfChunks([])).toEqual([]);
  });
});
