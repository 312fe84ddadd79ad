/**
 * The ingest worker: one thread that drains the rings of its process. It never waits for a disk (the keeper does) and is
 * never woken by a record: producers only publish, and it looks round by itself, often under load and ten times a second
 * when nothing comes. Rows in the ring are visible to readers and survive the process, so nothing is lost by that.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import { exposeService, system, threadKernelId } from '@deepwater/core/engine';
import { INGEST } from './control-layout.js';
import { Lane } from './lane.js';
import type { KeeperReply, LaneInit, PreparedChunk } from './lane-source.js';

export interface IngestWorkerData {
  readonly control: SharedArrayBuffer;
  readonly keeper: MessagePort;
}

/** What the main thread may ask of the ingest worker. */
export interface IngestApi {
  attach(init: LaneInit): void;
  /** Moves everything to chunks and lets the lane go; the prepared chunk that was not used. */
  detach(laneId: number): Promise<PreparedChunk | undefined>;
  /** Lets the lane go as it is: what is in the ring stays there for the next writer. */
  abandon(laneId: number): void;
  /** Ends the loop; the thread then has nothing to do and exits when its port is closed. */
  stop(): void;
}

const { control, keeper } = workerData as IngestWorkerData;
const words = new Int32Array(control);
const lanes = new Map<number, Lane>();
let stopped = false;

/**
 * How long a round without enough to do sleeps, ms: the first while rows are coming in, then longer and longer. Sleeping is
 * for the producer's sake, too: each look at the head takes its cache line away from the thread that writes it.
 */
const NAP_MS = [0.1, 0.2, 0.5, 1, 2, 4, 8, 16] as const;
/**
 * Where no ring holds anything, naps go on to grow by half up to this. A burst into an empty ring does not wait for their end:
 * its writer says so when the ring is half full. Nor do rows get older than their feed's interval by it.
 */
const IDLE_NAP_MS_MAX = 100;
/** Where there is no feed at all. Whoever brings one wakes the thread. */
const NO_LANES_NAP_MS = 1000;
/** A ring this full is looked at again soon. */
const BUSY_FILL = 1 / 64;

let naps = 0;
let idleNapMs = 0;

/** @param idle no ring holds a row @param intervalMs the shortest in which rows have to be in a chunk */
function napMs(idle: boolean, intervalMs: number): number {
  if (lanes.size === 0) return NO_LANES_NAP_MS;
  const usual = NAP_MS[naps] as number;
  if (!idle || naps < NAP_MS.length - 1) {
    idleNapMs = usual;
    return usual;
  }
  idleNapMs = Math.max(usual, Math.min(idleNapMs * 1.5, intervalMs, IDLE_NAP_MS_MAX));
  return idleNapMs;
}

function round(): void {
  Atomics.add(words, INGEST.ROUNDS, 1);
  const nowMs = system.monotonicMs();
  let moved = 0;
  let fill = 0;
  let more = false;
  let intervalMs = Infinity;
  for (const lane of lanes.values()) {
    moved += lane.turn(nowMs);
    fill = Math.max(fill, lane.fill);
    more ||= lane.more;
    intervalMs = Math.min(intervalMs, lane.intervalMs);
  }
  naps = moved > 0 || fill > BUSY_FILL ? 0 : Math.min(naps + 1, NAP_MS.length - 1);
  if (!more) Atomics.wait(words, INGEST.URGENT, 0, napMs(fill === 0, intervalMs));
  if (Atomics.exchange(words, INGEST.URGENT, 0) !== 0) naps = 0;
  if (!stopped) setImmediate(round); // lets messages in
}

keeper.on('message', (reply: KeeperReply) => {
  lanes.get(reply.laneId)?.take(reply);
});

const api: IngestApi = {
  attach(init) {
    lanes.set(init.laneId, new Lane(init, (request) => keeper.postMessage(request)));
  },
  async detach(laneId) {
    const lane = lanes.get(laneId);
    if (lane === undefined) return undefined;
    while (!lane.finish(system.monotonicMs())) {
      const error = lane.control.error;
      if (error !== undefined) throw error;
      // The next chunk is on its way: let the keeper's message in.
      await new Promise((resolve) => setImmediate(resolve));
    }
    lanes.delete(laneId);
    return lane.close();
  },
  abandon(laneId) {
    lanes.delete(laneId);
  },
  stop() {
    stopped = true;
    keeper.close();
  },
};

exposeService(api);
Atomics.store(words, INGEST.THREAD, threadKernelId());
round();
