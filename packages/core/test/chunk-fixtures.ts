/** Chunks of a small trades feed, for the tests of chunks. */
import fs from 'node:fs';
import path from 'node:path';
import {
  type ChunkGeometry, type ChunkIdentity, type Schema, type WritableChunk, chunkGeometry, compileSchema, createChunk, parseFeedSpec,
} from '../dist/index.js';
import { afterThisTest, temporaryDirectory } from './mapping-tools.js';

export const compile = (input: unknown): Schema => compileSchema(parseFeedSpec(input));

export const TRADES = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'timestamp_us', type: 'uint64' },
    { name: 'received_ns', type: 'int64' },
  ],
  timestamp: 'timestamp_us',
  clocks: ['received_ns'],
  timestampUnit: 'us',
};

export const trades = compile(TRADES);

export const IDENTITY: ChunkIdentity = { chunkId: 2 ** 40 + 7, feedName: 'trades', feedUid: '00112233445566ff', createdUs: 1_738_368_000_000_000 };

export interface MadeChunk {
  readonly path: string;
  readonly chunk: WritableChunk;
}

export function makeChunk(schema: Schema = trades, geometry: ChunkGeometry = chunkGeometry(schema, 200_000), reservedRows = 64): MadeChunk {
  const file = path.join(temporaryDirectory(), '000000000001.dwk');
  const chunk = createChunk(file, 'owner', IDENTITY, schema, geometry, reservedRows);
  afterThisTest(() => fs.closeSync(chunk.fd));
  return { path: file, chunk };
}
