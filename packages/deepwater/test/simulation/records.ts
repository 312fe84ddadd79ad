/** Records that can be checked by themselves: every value follows from one number. */

export const FEED = 'simulated';
export const TIME_BASE = 1_700_000_000_000_000;

export interface Shape {
  /** Bytes of a field that does nothing but make records larger; 0 for none. */
  readonly padding: number;
  readonly symbols: boolean;
  readonly chunkSizeBytes: number;
  readonly ringRecords: number;
  readonly durability: { readonly level: 'flush' | 'sync'; readonly intervalMs: number };
}

export function specOf(shape: Shape): object {
  return {
    name: FEED,
    fields: [
      { name: 'id', type: 'uint32' },
      { name: 'check', type: 'uint32' },
      { name: 'time', type: 'uint64' },
      ...(shape.padding > 0 ? [{ name: 'text', type: 'string', bytes: shape.padding }] : []),
      ...(shape.symbols ? [{ name: 'symbol', type: 'symbol' }] : []),
    ],
    timestamp: 'time',
    chunkSizeBytes: shape.chunkSizeBytes,
    ringRecords: shape.ringRecords,
    durability: shape.durability,
    retentionHours: 0,
  };
}

export const checkOf = (id: number): number => Math.imul(id ^ (id >>> 15), 0x2c1b3c6d) >>> 0;

/** Mostly in order; now and then a record comes late. */
export const timeOf = (id: number): number => TIME_BASE + id * 10 - (id % 37 === 0 ? 205 : 0);

export const symbolOf = (id: number): string => `S${Math.floor(id / 400)}.${id % 3}`;

export function recordOf(id: number, shape: Shape): unknown[] {
  return [id, checkOf(id), timeOf(id), ...(shape.padding > 0 ? [`r${id}`] : []), ...(shape.symbols ? [symbolOf(id)] : [])];
}

/** The id of a record that was read. @throws where one of its values is not what follows from it */
export function idOf(record: readonly unknown[], shape: Shape): number {
  const id = record[0] as number;
  const text = shape.padding === 0 || record[3] === `r${id}`;
  const symbol = !shape.symbols || record.at(-1) === symbolOf(id);
  if (record[1] === checkOf(id) && Number(record[2]) === timeOf(id) && text && symbol) return id;
  throw new Violation(`a record is torn or wrong: ${record.map(String).join(', ')} is not ${recordOf(id, shape).map(String).join(', ')}`);
}

/** The engine has broken a promise. */
export class Violation extends Error {}
