/**
 * Columns that users get without a copy: a private mapping of a chunk's file, made for one result and never used again.
 * Whoever sorts such a column changes only his own pages. Committed rows never change, so it reads as a copy would.
 */
import { type Field, PAGE_BYTES, alignUp, closeFile, mapFile, openExisting, regularFileSize } from '@deepwater/core/engine';
import { isMissing } from './feed-files.js';
import type { OpenChunk } from './open-chunk.js';
import { type ColumnArray, columnOver } from './row-source.js';

/** Gives columns of rows [from, to) over one mapping. */
export type PrivateRows = (from: number, to: number) => Record<string, ColumnArray>;

/**
 * Maps rows [from, to) of some columns. The chunk is pinned by the caller: its header has been checked.
 * @returns undefined where the file has been deleted since; the pinned mapping still has the rows.
 */
export function mapPrivateRows(chunk: OpenChunk, fields: readonly Field[], from: number, to: number): PrivateRows | undefined {
  const starts = fields.map((field) => (chunk.columnOffsets[field.index] as number) + from * field.width);
  const ends = fields.map((field) => (chunk.columnOffsets[field.index] as number) + to * field.width);
  const offset = Math.floor(Math.min(...starts) / PAGE_BYTES) * PAGE_BYTES;
  const end = Math.min(alignUp(Math.max(...ends), PAGE_BYTES), chunk.geometry.fileBytes);
  const fd = openPrivate(chunk);
  if (fd < 0) return undefined;
  try {
    const { buffer } = mapFile(fd, { path: chunk.path, offset, length: end - offset, mode: 'private' });
    return (first, last) => Object.fromEntries(fields.map((field) => {
      const at = (chunk.columnOffsets[field.index] as number) + first * field.width - offset;
      return [field.name, columnOver(field, buffer, at, last - first)];
    }));
  } finally {
    closeFile(fd);
  }
}

/** A descriptor of a pinned chunk's file; -1 where the file has been deleted or another has taken its name. */
export function openPrivate(chunk: OpenChunk): number {
  let fd: number;
  try {
    fd = openExisting(chunk.path, false);
  } catch (error) {
    if (isMissing(error)) return -1;
    throw error;
  }
  if (regularFileSize(fd, chunk.path) >= chunk.geometry.fileBytes) return fd;
  closeFile(fd);
  return -1;
}
