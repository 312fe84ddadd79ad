/**
 * What a feed's keeper does with the device: syncing and sealing, one piece after the other, behind the thread's back.
 *
 * After one refusal the kernel may have dropped the pages it could not write, and would report the next fdatasync as a success. So a
 * file that was refused is never synced again (rule 9): it is poisoned. The ingest worker goes on in another chunk, and the rows
 * are written anew into another file; until that is done every sync fails.
 */
import { type Access, type ChunkSeal, DeepwaterError, SEAL_REASON, type Schema, type WritableChunk, failpoint, syncDataAsync } from '@deepwater/core/engine';
import { fileTail, finishSeal } from './recovery.js';
import { rewriteChunk } from './rewrite-chunk.js';

export interface KeptChunk {
  readonly chunk: WritableChunk;
  readonly chunkId: number;
  catalogIndex: number;
  /** Why the device did not take it. */
  poisoned?: Error;
  /** What it is sealed with, once it has been handed over. */
  seal?: ChunkSeal;
}

/** How far a chunk is to be made durable. */
export interface SyncMark {
  readonly kept: KeptChunk;
  readonly rows: number;
}

export interface DeviceOwner {
  readonly access: Access;
  readonly schema: Schema;
  /** Whether a chunk is still to be sealed. */
  keeps(kept: KeptChunk): boolean;
  /** A chunk is sealed and durable. */
  sealed(kept: KeptChunk, seal: ChunkSeal): void;
  /** The device does not take a chunk. */
  refused(kept: KeptChunk, cause: Error): void;
}

export class DeviceWork {
  #queue: Promise<void> = Promise.resolve();

  constructor(private readonly owner: DeviceOwner) {}

  /** Adds a piece of work; in order, so that chunks are sealed in theirs. */
  later(work: () => Promise<void>, failed: (error: unknown) => void): void {
    this.#queue = this.#queue.then(work).catch(failed);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  /** Seals a chunk that was handed over; where the device does not take it, or has not before, the rows go into another file. */
  async seal(kept: KeptChunk): Promise<void> {
    const { access, schema } = this.owner;
    let seal = kept.seal as ChunkSeal;
    if (kept.poisoned === undefined) {
      try {
        await finishSeal(kept.chunk, schema, seal);
      } catch (error) {
        this.#poison(kept, error);
      }
    }
    if (kept.poisoned !== undefined) {
      seal = { ...seal, reason: SEAL_REASON.POISONED };
      await rewriteChunk(kept.chunk, access, schema, seal);
    }
    this.owner.sealed(kept, seal);
  }

  /** Makes rows durable; then the mark in the chunk that says so (rule 5). */
  async makeDurable(marks: readonly SyncMark[]): Promise<void> {
    for (const { kept, rows } of marks) {
      const { header, fd, path } = kept.chunk;
      // Sealed in the meantime, or synced further: durable already.
      if (!this.owner.keeps(kept) || (kept.poisoned === undefined && header.syncedRows >= rows)) continue;
      if (kept.poisoned !== undefined) {
        // Handed over, and not written anew yet: once more. One that is still being filled is about to be handed over.
        if (kept.seal === undefined) throw kept.poisoned;
        await this.seal(kept);
        continue;
      }
      const tail = fileTail(kept.chunk, rows);
      try {
        await syncDataAsync(fd, path);
        failpoint('sync.data');
        header.markSynced(rows, tail);
        await syncDataAsync(fd, path);
        failpoint('sync.mark');
      } catch (error) {
        this.#poison(kept, error);
        throw error;
      }
    }
  }

  #poison(kept: KeptChunk, error: unknown): void {
    kept.poisoned ??= error instanceof Error ? error : new Error(String(error));
    kept.chunk.header.poison();
    this.owner.refused(kept, kept.poisoned);
  }
}

/** For a chunk that says itself that it was refused. */
export function refusedBefore(path: string): DeepwaterError {
  return new DeepwaterError('DW_SYSTEM_CALL', `The device refused ${path} to an earlier writer, and has not taken it written anew since. Check the disk; it is tried again.`, { values: { path } });
}
