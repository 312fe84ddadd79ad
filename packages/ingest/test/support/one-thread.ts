/**
 * Ingest in one thread: a feed's keeper and its lane, their messages in a queue, and a writer. The code is that of the threads, without
 * the threads: what fails, fails in the caller's stack, and a thousand runs take seconds.
 */
import fs from 'node:fs';
import { DeepwaterError, FileLock, compileSchema, feedPaths, makeDirectory, sharedRingDirectory, system } from '@deepwater/core/engine';
import { localBell, rowWriterClass } from '@deepwater/ring';
import { serveRequest } from '../../dist/keeper.js';
import { KeeperLane } from '../../dist/keeper-lane.js';
import { Lane } from '../../dist/lane.js';
import type { LaneControl } from '../../dist/lane-control.js';
import { LaneWriter } from '../../dist/lane-writer.js';
import type { FeedSource, KeeperReply, KeeperRequest } from '../../dist/lane-source.js';

/** A writer whose end is not that of a lane. */
abstract class EndingWriter extends LaneWriter {
  leave(): void {
    this.end();
    this.closeFiles();
  }
}

export class OneThread {
  readonly keeper: KeeperLane;
  readonly control: LaneControl;
  readonly lane: Lane;
  readonly writer: EndingWriter;
  readonly events: string[] = [];
  readonly #lock: FileLock;
  readonly #requests: KeeperRequest[] = [];
  readonly #replies: KeeperReply[] = [];

  constructor(readonly source: FeedSource) {
    const paths = feedPaths(source.basePath, source.spec.name);
    makeDirectory(paths.directory, 'owner');
    const lock = FileLock.tryExclusive(paths.lock, 'owner');
    if (lock === undefined) throw new DeepwaterError('DW_WRITER_EXISTS', 'another writer lives', {});
    this.#lock = lock;
    try {
      this.keeper = new KeeperLane(1, source, { access: 'owner' });
    } catch (error) {
      lock.release();
      throw error;
    }
    this.keeper.onPoisoned = (chunkId) => { this.#replies.push({ kind: 'poisoned', laneId: 1, chunkId }); };
    this.keeper.onEvent = ({ message }) => { this.events.push(message); };
    this.control = this.keeper.control;
    const init = this.keeper.init();
    this.lane = new Lane(init, (request) => this.#requests.push(request));
    const { prepared: _prepared, catalog: _catalog, ...plain } = init;
    const Compiled = rowWriterClass(compileSchema(source.spec), EndingWriter);
    try {
      this.writer = new Compiled({ init: plain, ingest: new SharedArrayBuffer(1024), access: 'owner', roomTimeoutMs: 0, local: localBell(source).buffer as SharedArrayBuffer });
    } catch (error) {
      try { this.keeper.close(); } catch { /* the first error counts */ }
      lock.release();
      throw error;
    }
  }

  /** Serves all messages there are, in order; errors go where the threads' go. */
  messages(): void {
    for (;;) {
      const request = this.#requests.shift();
      if (request !== undefined) {
        serveRequest(this.keeper, request, (reply) => this.#replies.push(reply));
        continue;
      }
      const reply = this.#replies.shift();
      if (reply === undefined) return;
      this.lane.take(reply);
    }
  }

  /** Moves what is in the ring, as often as it takes, or until something stands in the way. @returns what does */
  async move(): Promise<Error | undefined> {
    for (let round = 0; round < 50; round++) {
      this.messages();
      if (this.lane.finish(system.monotonicMs())) return undefined;
      this.messages();
      await this.keeper.idle();
    }
    return this.control.error;
  }

  /** Everything accepted on the device. @returns why not */
  async sync(): Promise<Error | undefined> {
    const moved = await this.move();
    if (moved !== undefined) return moved;
    const ticket = this.control.askSync();
    this.lane.turn(system.monotonicMs() + 1000); // past the pause after a failure
    this.messages();
    await this.keeper.idle();
    this.messages();
    await this.keeper.idle();
    if (this.control.synced(ticket)) return undefined;
    return this.control.syncError(ticket) ?? new Error('a sync came to no end');
  }

  /** Ends as a writer's close does. */
  async close(): Promise<Error | undefined> {
    const moved = await this.move();
    if (moved === undefined) this.lane.close();
    this.messages();
    await this.keeper.idle();
    try {
      this.keeper.close();
      return moved;
    } catch (error) {
      return error as Error;
    } finally {
      this.end();
    }
  }

  /** Ends as a process that is killed while the device has nothing to do: the kernel closes what it has open, and nothing else happens. */
  async die(): Promise<void> {
    await this.keeper.idle();
    for (const { fd } of openFiles(this.source)) fs.closeSync(fd);
  }

  /** Lets go of lock and symbols. */
  end(): void {
    this.writer.leave();
    this.#lock.release();
  }
}

/** Files of a store that this process has open. */
export function openFiles({ basePath, storeId }: FeedSource): { fd: number; path: string }[] {
  const places = [basePath, sharedRingDirectory(storeId)];
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return places.some((place) => path.startsWith(`${place}/`)) ? [{ fd: Number(fd), path }] : [];
    } catch {
      return []; // that of this list
    }
  });
}
