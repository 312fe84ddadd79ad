/** Stores as the Python Deepwater writes them, of each version: see docs/PYTHON-STORE.md. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messagePack, pack } from './python-struct.js';
import { temporaryDirectory } from './stores.js';

/** `clocks`: record_format.json with clock_level. `named`: with ts_name, before that. `schema`: feed_schema.msgpack, without a manifest. */
export type PythonVersion = 'named' | 'clocks' | 'schema';

export interface PythonSpec {
  readonly name: string;
  readonly version: PythonVersion;
  /** Name, type, and what it is in a format of `struct`. */
  readonly fields: readonly (readonly [name: string, type: string, format: string])[];
  /** The first clocks; of `named`, the timestamp and then the query_keys. */
  readonly clocks: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface WrittenChunk {
  readonly records: readonly Uint8Array[];
  /** What the registry has, where it is not the truth. */
  readonly entry?: { readonly writePos?: number; readonly count?: number; readonly size?: number; readonly status?: number; readonly id?: number };
  /** Rows that are index points. */
  readonly marks?: readonly number[];
  /** Leaves no file. */
  readonly lost?: true;
}

export interface WrittenSegment {
  readonly start: number;
  readonly end: number;
  /** -1: unknown. */
  readonly records: number;
  readonly status: string;
  readonly reason: string;
}

const TYPE_IDS = ['', 'char', 'bool', 'int8', 'uint8', 'int16', 'uint16', 'float16', 'int32', 'uint32', 'float32', 'int64', 'uint64', 'float64'];
const CHUNK_BYTES = 65_536;
const U64_MAX = 2n ** 64n - 1n;

export const formatOf = ({ fields }: PythonSpec): string => `<${fields.map(([, , format]) => format).join('')}`;
const chunkFile = (id: number, ending: string): string => `chunk_${String(id).padStart(8, '0')}.${ending}`;

/** A new store with these feeds. */
export function pythonStore(feeds: readonly (readonly [PythonSpec, readonly WrittenChunk[], (readonly WrittenSegment[])?])[], options: { json?: true } = {}): string {
  const store = temporaryDirectory();
  mkdirSync(join(store, 'registry'));
  mkdirSync(join(store, 'data'));
  if (feeds.some(([{ version }]) => version !== 'schema')) writeFileSync(join(store, 'manifest.json'), '{\n  "deepwater_version": "0.0.1",\n  "format_version": 1\n}');
  writeFileSync(join(store, 'registry', 'global_registry.bin'), Buffer.alloc(128 * (1 + feeds.length)));
  for (const [spec, chunks, segments] of feeds) {
    writeFeed(store, spec);
    writeChunks(store, spec, chunks);
    if (segments !== undefined) writeSegments(join(store, 'data', spec.name), segments, options.json === true);
  }
  return store;
}

function writeFeed(store: string, spec: PythonSpec): void {
  const { name, version, fields, clocks, config } = spec;
  const directory = join(store, 'data', name);
  mkdirSync(directory);
  let offset = 0;
  const placed = fields.map(([field, type, format]) => {
    const size = pack(`<${format}`, /x$/.test(format) ? [] : [0].map(() => (/[cs]$/.test(format) ? '' : 0))).length;
    offset += size;
    return { name: field, type, offset: offset - size, size };
  });
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ feed_name: name, mode: 'UF', fields: fields.map(([field, type]) => ({ name: field, type, desc: `the ${field}` })), persist: true, ...config }));
  if (version === 'schema') {
    const idOf = (type: string): number => (type.startsWith('_') ? 0 : type.startsWith('bytes') ? 14 : TYPE_IDS.indexOf(type));
    writeFileSync(join(directory, 'feed_schema.msgpack'), messagePack([1, '<', offset, clocks.length, placed.map((each) => [each.name, idOf(each.type), each.offset, each.size])]));
    return;
  }
  const times = version === 'clocks'
    ? { clock_level: clocks.length }
    : { ts_name: clocks[0], ts_offset: placed.find((each) => each.name === clocks[0])!.offset, ts_size: 8, ts_endian: '<', query_keys: Object.fromEntries(clocks.slice(1).map((clock) => [clock, { offset: 0, size: 8 }])) };
  writeFileSync(join(directory, 'record_format.json'), JSON.stringify({ mode: 'UF', fmt: formatOf(spec), record_size: offset, fields: placed, ...times, version: 1 }, undefined, 2));
}

/** Writes the chunks and the registry anew: a store grows when there are more of them. */
export function writeChunks(store: string, spec: PythonSpec, chunks: readonly WrittenChunk[]): void {
  const { name, version, clocks, fields } = spec;
  const directory = join(store, 'data', name);
  const bytesOf = (records: readonly Uint8Array[]): Buffer => Buffer.concat(records);
  const clockAt = clocks.map((clock) => pack(`<${fields.slice(0, fields.findIndex(([field]) => field === clock)).map(([, , format]) => format).join('')}`, fields.slice(0, fields.findIndex(([field]) => field === clock)).filter(([, , format]) => !format.endsWith('x')).map(([, , format]) => (/[cs]$/.test(format) ? '' : 0))).length);
  const entries = chunks.map(({ records, entry = {}, marks, lost }, n) => {
    const id = n + 1;
    const bytes = bytesOf(records);
    const timesOf = (record: Uint8Array): bigint[] => [0, 1, 2].map((each) => (each < clocks.length ? Buffer.from(record).readBigUInt64LE(clockAt[each]) : 0n));
    if (lost !== true) {
      const file = join(directory, chunkFile(id, 'bin'));
      writeFileSync(file, bytes);
      // Chunks have their size from the beginning; what is behind their records is zeros.
      truncateSync(file, Math.max(CHUNK_BYTES, bytes.length));
      if (marks !== undefined) {
        const size = bytes.length / records.length;
        const points = marks.map((row) => (version === 'named' ? pack('<QQQ40x', [timesOf(records[row]!)[0]!, row * size, size]) : pack('<QQQQ32x', [...timesOf(records[row]!), row * size])));
        writeFileSync(join(directory, chunkFile(id, 'idx')), Buffer.concat([pack('<QQ48x', [points.length, 2047]), ...points, Buffer.alloc(64 * (2047 - points.length))]));
      }
    }
    const [min, max] = records.length === 0 ? [[U64_MAX, U64_MAX, U64_MAX], [0n, 0n, 0n]] : [timesOf(records[0]!), timesOf(records.at(-1)!)];
    return pack('<QQQQQQQBB6xQQQQQQ16x', [1, 2, entry.writePos ?? bytes.length, entry.count ?? records.length, 0, entry.id ?? id, entry.size ?? Math.max(CHUNK_BYTES, bytes.length), entry.status ?? 1, clocks.length, ...min, ...max]);
  });
  writeFileSync(join(directory, `${name}.reg`), Buffer.concat([pack('<Q120x', [chunks.length]), ...entries, Buffer.alloc(128 * 100)]));
}

export function writeSegments(directory: string, segments: readonly WrittenSegment[], json: boolean): void {
  if (json) {
    const list = segments.map(({ start, end, records, status, reason }, n) => ({ id: n + 1, feed_name: 'x', status, start_us: start, end_us: end, records: records < 0 ? null : records, opened_at_us: 1, closed_at_us: 2, close_reason: reason }));
    writeFileSync(join(directory, 'segments.json'), JSON.stringify({ format_version: 1, feed_name: 'x', next_id: segments.length + 1, segments: list }));
    return;
  }
  const entries = segments.map(({ start, end, records, status, reason }, n) => pack('<Qqqqqq24s64sI116x', [n + 1, start, end, records, 1, 2, status, reason, 0]));
  writeFileSync(join(directory, 'segments.reg'), Buffer.concat([pack('<8sIIIIQQqQ72x', ['DWSEGv1\0', 1, 128, 256, 0, segments.length, segments.length + 1, 0, 2047]), ...entries, Buffer.alloc(256 * 10)]));
}
