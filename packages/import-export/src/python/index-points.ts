/** Index points of a chunk of the Python Deepwater: `chunk_00000001.idx`, of feeds with `index_playback`. */
import { CHUNK_INDEX, LIMITS } from './python-layout.js';
import { readStoreFile } from './store-file.js';

export interface ChunkIndexPoints {
  /** Numbers of records in the chunk, in order. */
  readonly rows: readonly number[];
  /** What is told of entries that were left out. */
  readonly problem?: string;
}

/** The time of a record of the chunk. */
export type TimeOfRow = (row: number) => Promise<bigint>;

/**
 * Versions differ in where an entry has the place of its record (behind one time or behind three), and some wrote other places there by mistake. The entry has the time of
 * its record as well: an entry counts where both agree.
 * @param records of the chunk
 */
export async function readIndexPoints(file: string, recordBytes: number, records: number, timeOf: TimeOfRow): Promise<ChunkIndexPoints> {
  const bytes = await readStoreFile(file, LIMITS.INDEX_BYTES);
  if (bytes === undefined) return { rows: [] };
  const { HEADER_BYTES, ENTRY_BYTES, COUNT, TIME, OFFSET_OF_ONE_TIME, OFFSET_OF_THREE_TIMES } = CHUNK_INDEX;
  if (bytes.length < HEADER_BYTES) return { rows: [], problem: `${file} is cut short; its index points are left out` };
  const counted = bytes.readBigUInt64LE(COUNT);
  const room = Math.floor((bytes.length - HEADER_BYTES) / ENTRY_BYTES);
  const count = counted > BigInt(room) ? room : Number(counted);
  const rows = new Set<number>();
  let unfit = Number(counted) - count;
  for (let n = 0; n < count; n++) {
    const at = HEADER_BYTES + n * ENTRY_BYTES;
    const time = bytes.readBigUInt64LE(at + TIME);
    const rowAt = async (offset: bigint): Promise<number | undefined> => {
      if (offset >= BigInt(records * recordBytes) || Number(offset) % recordBytes !== 0) return undefined;
      const row = Number(offset) / recordBytes;
      return (await timeOf(row)) === time ? row : undefined;
    };
    const behindThree = bytes.readBigUInt64LE(at + OFFSET_OF_THREE_TIMES);
    const behindOne = bytes.readBigUInt64LE(at + OFFSET_OF_ONE_TIME);
    // Entries of one time have zeros there. Those of three have it for the first record alone, and behind one time they have another time.
    const row = behindThree === 0n ? await rowAt(behindOne) ?? await rowAt(0n) : await rowAt(behindThree);
    if (row === undefined) unfit += 1;
    else rows.add(row);
  }
  return { rows: [...rows].sort((a, b) => a - b), ...(unfit === 0 ? {} : { problem: `${unfit} of the ${counted} entries of ${file} do not fit a record and are left out` }) };
}
