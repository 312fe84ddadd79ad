import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { type CatalogView, ENTRY_STATE, compileSchema, feedPaths, openCatalog, parseFeedSpec, sharedRingDirectory } from '@deepwater/core';
import { IngestService, type Writer } from '@deepwater/ingest';
import { FeedReader, type ReaderSource } from '@deepwater/query';
import { afterThisFile, closeAfterwards } from '../../../test/support/afterwards.js';

/** Chunks of 256 records: 4 KiB is the smallest there is. */
export const NUMBERS = {
  name: 'numbers', timestamp: 'time', chunkSizeBytes: 4096, ringRecords: 1024,
  fields: [{ name: 'n', type: 'float64' }, { name: 'time', type: 'uint64' }],
} as const;

/** A feed without a registry: a directory of its own, and a store id of its own. */
export function numbersFeed(change: object = {}): ReaderSource {
  const basePath = mkdtempSync(path.join(os.tmpdir(), 'deepwater-operations-'));
  const storeId = Buffer.from(path.basename(basePath)).toString('hex').padEnd(32, '0').slice(-32);
  afterThisFile(() => {
    rmSync(basePath, { recursive: true, force: true });
    rmSync(sharedRingDirectory(storeId), { recursive: true, force: true });
  });
  return { basePath, storeId, feedUid: 'feedfeedfeedfeed', spec: parseFeedSpec({ ...NUMBERS, ...change }) };
}

/** Opens the feed's writer in a service of its own. */
export async function openWriter(source: ReaderSource): Promise<{ writer: Writer; service: IngestService; notes: string[] }> {
  const notes: string[] = [];
  const service = closeAfterwards(IngestService.start({ access: 'owner', onEvent: ({ message }) => notes.push(message) }));
  return { writer: await service.openWriter(source), service, notes };
}

/** Writes records whose value is their number, and has all of them in chunks. */
export async function write(writer: Writer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) writer.writeValues(writer.position, 1_000_000 + writer.position);
  await writer.flush();
}

/** Waits until the keeper has sealed all chunks but the one that is written. */
export async function settled(source: ReaderSource): Promise<void> {
  const open = (): number => from(0, catalogOf(source).count).filter((index) => catalogOf(source).state(index) === ENTRY_STATE.ACTIVE).length;
  await expect.poll(open).toBeLessThanOrEqual(1);
}

/** The numbers of the records that a new reader finds. */
export function numbersIn(source: ReaderSource): number[] {
  const reader = new FeedReader(source);
  try {
    return (reader.lastSync(1_000_000) as number[][]).map(([n]) => n as number);
  } finally {
    void reader.close();
  }
}

export function catalogOf(source: ReaderSource, writable = false): CatalogView {
  return openCatalog(feedPaths(source.basePath, source.spec.name).catalog, compileSchema(source.spec), source.feedUid, writable).view;
}

export const chunkFiles = (source: ReaderSource): string[] => readdirSync(feedPaths(source.basePath, source.spec.name).chunks).sort();

export const from = (first: number, next: number): number[] => Array.from({ length: next - first }, (_, i) => first + i);
