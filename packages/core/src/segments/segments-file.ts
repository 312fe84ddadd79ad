import { DeepwaterError } from '../errors/index.js';
import { SEGMENTS, SEGMENTS_VERSION, SEGMENT_ENTRY_BYTES } from '../layout/segments-layout.js';
import { type Access, closeFile, openExisting, openOrCreate, readAt, regularFileSize, replaceWhole, syncData, writeFully } from '../mapping/files.js';
import { type SegmentEntries, type SegmentEntry, decodeSegments, encodeSegmentEntry, encodeSegmentsHeader } from './segment-entries.js';

/** Half a million boundaries; a file beyond that is none of ours. */
const FILE_BYTES_MAX = SEGMENTS.HEADER_BYTES + 2 ** 19 * SEGMENT_ENTRY_BYTES;

/**
 * Reads the segments of a feed; undefined where there is no file. Anything that does not hold is left out and reported in the
 * result: the chunks know where writers began without it.
 * @throws DeepwaterError DW_FORMAT_VERSION, DW_SYSTEM_CALL; DW_FILE_CORRUPT for what is no file of ours at all
 */
export function readSegments(file: string, feedUid: string): SegmentEntries | undefined {
  let fd: number;
  try {
    fd = openExisting(file, false);
  } catch (error) {
    if (error instanceof DeepwaterError && error.values['errno'] === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return readOpen(fd, file, feedUid);
  } finally {
    closeFile(fd);
  }
}

function readOpen(fd: number, file: string, feedUid: string): SegmentEntries {
  const size = regularFileSize(fd, file);
  if (size > FILE_BYTES_MAX) {
    throw new DeepwaterError('DW_FILE_CORRUPT', `${file} has ${size} bytes, more than segments take (${FILE_BYTES_MAX}). Run \`deepwater repair\`, which makes it again from the chunks.`, {
      values: { path: file, size, limit: FILE_BYTES_MAX },
    });
  }
  const bytes = Buffer.alloc(size);
  const found = decodeSegments(bytes.subarray(0, readAt(fd, bytes, 0, file)), feedUid);
  if (found.version === undefined || found.version === SEGMENTS_VERSION) return found;
  throw new DeepwaterError('DW_FORMAT_VERSION', `${file} has format ${found.version}; this version reads ${SEGMENTS_VERSION}. Use a matching version, or run \`deepwater migrate\`.`, {
    values: { path: file, found: found.version, supported: SEGMENTS_VERSION },
  });
}

/** Where an entry goes in the file. */
const placeOf = (slot: number): number => SEGMENTS.HEADER_BYTES + slot * SEGMENT_ENTRY_BYTES;

/**
 * A feed's segments, open for appending. Who appends where is agreed on by slots: one that is taken and never written stays
 * empty, which readers pass over.
 */
export class SegmentsFile {
  private constructor(
    readonly path: string,
    private readonly feedUid: string,
    private fd: number,
  ) {}

  /**
   * Opens the file of a feed, making it where it is missing; what cannot be used of it is put right.
   * @returns the file, and what it held
   * @throws DeepwaterError DW_DISK_FULL, DW_FORMAT_VERSION, DW_SYSTEM_CALL, DW_FILE_CORRUPT
   */
  static open(file: string, access: Access, feedUid: string): { segments: SegmentsFile; held: SegmentEntries } {
    const fd = openOrCreate(file, access);
    try {
      const held = readOpen(fd, file, feedUid);
      // Of a feed that had the name before: none of its entries holds here, and new ones are written over them.
      if (held.problem !== undefined) writeFully(fd, encodeSegmentsHeader(feedUid), 0, file);
      return { segments: new SegmentsFile(file, feedUid, fd), held };
    } catch (error) {
      closeFile(fd);
      throw error;
    }
  }

  /** Opens a file that there is, to append to it. @throws DeepwaterError DW_SYSTEM_CALL */
  static attach(file: string, feedUid: string): SegmentsFile {
    return new SegmentsFile(file, feedUid, openExisting(file, true));
  }

  /** Writes an entry to its place, with one pwrite. @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
  write(slot: number, entry: SegmentEntry): void {
    writeFully(this.fd, encodeSegmentEntry(entry, this.feedUid), placeOf(slot), this.path);
  }

  /**
   * Puts a file with the same bytes in this one's place, durably, for a device that has refused this one.
   * @returns the new file, open
   */
  writeAnew(access: Access): SegmentsFile {
    replaceWhole(this.path, `${this.path}.new`, readWhole(this.fd, this.path), access);
    return SegmentsFile.attach(this.path, this.feedUid);
  }

  /** Writes to another file the entries that this one has; places that are empty here are left alone. */
  copyEntriesTo(other: SegmentsFile): void {
    const bytes = readWhole(this.fd, this.path);
    for (let at: number = SEGMENTS.HEADER_BYTES; at < bytes.length; at += SEGMENT_ENTRY_BYTES) {
      const entry = bytes.subarray(at, at + SEGMENT_ENTRY_BYTES);
      if (entry.some((byte) => byte !== 0)) writeFully(other.fd, entry, at, other.path);
    }
  }

  /** Makes what was written durable, by whomever. @throws DeepwaterError DW_SYSTEM_CALL */
  sync(): void {
    syncData(this.fd, this.path);
  }

  get descriptor(): number {
    return this.fd;
  }

  close(): void {
    if (this.fd < 0) return;
    closeFile(this.fd);
    this.fd = -1;
  }
}

/** Puts a whole file of segments in the place of the one there is, durably: readers see the old or the new one. */
export function writeSegments(file: string, access: Access, feedUid: string, entries: readonly SegmentEntry[]): void {
  replaceWhole(file, `${file}.new`, Buffer.concat([encodeSegmentsHeader(feedUid), ...entries.map((entry) => encodeSegmentEntry(entry, feedUid))]), access);
}

function readWhole(fd: number, file: string): Buffer {
  const bytes = Buffer.alloc(Math.min(regularFileSize(fd, file), FILE_BYTES_MAX));
  return bytes.subarray(0, readAt(fd, bytes, 0, file));
}
