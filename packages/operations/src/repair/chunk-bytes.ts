import { type ChunkGeometry, DeepwaterError, closeFile, openExisting, readAt, regularFileSize } from '@deepwater/core';

/** A chunk file open for reading, whatever is in it. What lies behind the end of a file that was cut reads as zeros. */
export class ChunkBytes {
  private constructor(readonly path: string, private readonly fd: number, readonly size: number) {}

  /** @throws DeepwaterError DW_SYSTEM_CALL; DW_FILE_CORRUPT for what is no file, or somebody else's */
  static open(path: string): ChunkBytes {
    const fd = openExisting(path, false);
    try {
      return new ChunkBytes(path, fd, regularFileSize(fd, path));
    } catch (error) {
      closeFile(fd);
      throw error;
    }
  }

  front(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readAt(this.fd, bytes, 0, this.path);
    return bytes;
  }

  /** The cells of rows [from, from + count) of a column. */
  cells(geometry: ChunkGeometry, column: number, from: number, count: number): Uint8Array {
    const width = geometry.columnWidths[column] as number;
    const bytes = Buffer.alloc(count * width);
    readAt(this.fd, bytes, (geometry.columnOffsets[column] as number) + from * width, this.path);
    return bytes;
  }

  /** The same; undefined where the device does not give them. */
  readable(geometry: ChunkGeometry, column: number, from: number, count: number): Uint8Array | undefined {
    try {
      return this.cells(geometry, column, from, count);
    } catch (error) {
      if (DeepwaterError.isDeepwaterError(error) && error.values['errno'] === 'EIO') return undefined;
      throw error;
    }
  }

  /** The greatest code in rows of a symbol's column; -1 of none. */
  greatestCode(geometry: ChunkGeometry, column: number, from: number, count: number): number {
    const cells = this.cells(geometry, column, from, count);
    const view = new DataView(cells.buffer, cells.byteOffset, cells.byteLength);
    let greatest = -1;
    for (let at = 0; at < cells.byteLength; at += 4) greatest = Math.max(greatest, view.getUint32(at, true));
    return greatest;
  }

  columns(geometry: ChunkGeometry, from: number, count: number): Uint8Array[] {
    return geometry.columnWidths.map((_, column) => this.cells(geometry, column, from, count));
  }

  close(): void {
    closeFile(this.fd);
  }
}
