/**
 * The keeper: the thread that waits for disks so that the ingest worker never does. It opens feeds (and recovers them),
 * makes chunks ahead of time, lets them grow, syncs and seals them. Also the only thread that creates or removes files.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { exposeService, threadKernelId } from '@deepwater/core/engine';
import { INGEST } from './control-layout.js';
import { wakeIngest } from './lane-control.js';
import type { FeedSource, IngestSettings, KeeperReply, KeeperRequest, LaneInit } from './lane-source.js';
import { KeeperLane } from './keeper-lane.js';

export interface OpenedLane {
  readonly init: LaneInit;
  readonly notes: readonly string[];
}

/** What the main thread may ask of the keeper. */
export interface KeeperApi {
  /** Takes the port of a new ingest worker. */
  connect(port: MessagePort, control: SharedArrayBuffer): void;
  /** Takes the port that events go to. */
  tell(port: MessagePort): void;
  open(laneId: number, source: FeedSource, settings: IngestSettings, control?: SharedArrayBuffer): OpenedLane;
  /** Prepares a lane for a new ingest worker, after the old one's death. */
  reopen(laneId: number): Promise<LaneInit>;
  /** Ends a lane, once everything asked for before is done. */
  close(laneId: number): Promise<void>;
  stop(): void;
}

/** Finished chunks of one feed that may wait to be sealed. */
const UNSEALED_MAX = 256;

const lanes = new Map<number, KeeperLane>();
let port: MessagePort | undefined;
let events: MessagePort | undefined;
let ingest: Int32Array | undefined;

function reply(message: KeeperReply): void {
  port?.postMessage(message);
  if (ingest !== undefined) wakeIngest(ingest);
}

function serve(request: KeeperRequest): void {
  const lane = lanes.get(request.laneId);
  if (lane === undefined) return;
  try {
    switch (request.kind) {
      case 'prepare':
        // A device that cannot keep up with sealing holds up the feed, not the machine's memory.
        if (lane.unsealed >= UNSEALED_MAX) void lane.idle().then(() => { serve(request); });
        else reply({ kind: 'prepared', laneId: request.laneId, chunk: lane.prepare(), catalog: lane.catalog.mapped });
        break;
      case 'grow':
        lane.grow(request.chunkId, request.rows);
        break;
      case 'activated':
        lane.activated(request.chunkId, request.catalogIndex);
        break;
      case 'seal':
        lane.seal(request.chunkId, request.catalogIndex, request.facts);
        break;
      case 'sync':
        lane.sync(request.ticket);
        break;
    }
  } catch (error) {
    lane.control.setError(error);
    reply({ kind: 'failed', laneId: request.laneId });
  }
}

/**
 * Serves what the ingest worker has asked for already. Its port and the main thread's are not ordered with each other, and
 * closing a lane has to come after sealing its last chunk.
 */
function catchUp(): void {
  for (let next = port && receiveMessageOnPort(port); next !== undefined; next = port && receiveMessageOnPort(port)) {
    serve((next as { message: KeeperRequest }).message);
  }
}

const api: KeeperApi = {
  connect(next, control) {
    catchUp();
    port?.close();
    port = next;
    ingest = new Int32Array(control);
    Atomics.store(ingest, INGEST.KEEPER, threadKernelId());
    next.on('message', serve);
  },
  tell(next) {
    events = next;
    next.unref();
  },
  open(laneId, source, settings, control) {
    const lane = new KeeperLane(laneId, source, settings, control);
    lane.onPoisoned = (chunkId) => { reply({ kind: 'poisoned', laneId, chunkId }); };
    lane.onEvent = (event) => { events?.postMessage(event); };
    lanes.set(laneId, lane);
    return { init: lane.init(), notes: lane.notes };
  },
  async reopen(laneId) {
    catchUp();
    const lane = lanes.get(laneId) as KeeperLane;
    await lane.idle();
    return lane.reopen();
  },
  async close(laneId) {
    catchUp();
    const lane = lanes.get(laneId);
    await lane?.idle();
    lanes.delete(laneId);
    lane?.close();
  },
  stop() {
    port?.close();
    events?.close();
  },
};

exposeService(api);
