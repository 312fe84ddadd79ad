/** What the keeper does with what it is asked, whatever thread it runs in and however messages come to it. */
import type { FeedSource, IngestEvent, IngestSettings, KeeperReply, KeeperRequest, LaneInit } from './lane-source.js';
import { KeeperLane } from './keeper-lane.js';

export interface OpenedLane {
  readonly init: LaneInit;
  readonly notes: readonly string[];
}

/** The way to the ingest worker, and back. */
export interface IngestLink {
  /** Sends a message, and sees to it that it is looked at soon. */
  reply(message: KeeperReply): void;
  /** The next of the requests that have come in and not been served; undefined where there is none. */
  nextRequest(): KeeperRequest | undefined;
  /** Tells whoever keeps the log. */
  event(event: IngestEvent): void;
}

/** Finished chunks of one feed that may wait to be sealed. */
const UNSEALED_MAX = 256;

/** The lanes of one process, as their keeper has them. */
export class Keeper {
  readonly #lanes = new Map<number, KeeperLane>();

  constructor(private readonly link: IngestLink) {}

  /** Does what the ingest worker asks for. What fails is told through the lane's control words. */
  serve(request: KeeperRequest): void {
    const lane = this.#lanes.get(request.laneId);
    if (lane === undefined) return;
    // A device that cannot keep up with sealing holds up the feed, not the machine's memory.
    if (request.kind === 'prepare' && lane.unsealed >= UNSEALED_MAX) void lane.idle().then(() => { this.serve(request); });
    else serveRequest(lane, request, (message) => { this.link.reply(message); });
  }

  /**
   * Serves what the ingest worker has asked for already. Its port and the main thread's are not ordered with each other, and
   * closing a lane has to come after sealing its last chunk.
   */
  catchUp(): void {
    for (let request = this.link.nextRequest(); request !== undefined; request = this.link.nextRequest()) this.serve(request);
  }

  open(laneId: number, source: FeedSource, settings: IngestSettings, control?: SharedArrayBuffer): OpenedLane {
    const lane = new KeeperLane(laneId, source, settings, control);
    lane.onPoisoned = (chunkId) => { this.link.reply({ kind: 'poisoned', laneId, chunkId }); };
    lane.onEvent = (event) => { this.link.event(event); };
    this.#lanes.set(laneId, lane);
    return { init: lane.init(), notes: lane.notes };
  }

  /** Prepares a lane for a new ingest worker, after the old one's death. */
  async reopen(laneId: number): Promise<LaneInit> {
    this.catchUp();
    const lane = this.#lanes.get(laneId) as KeeperLane;
    await lane.idle();
    return lane.reopen();
  }

  /** Resolves when nothing is under way with the device. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }

  /** Ends a lane, once everything asked for before is done. */
  async close(laneId: number): Promise<void> {
    this.catchUp();
    const lane = this.#lanes.get(laneId);
    await lane?.idle();
    this.#lanes.delete(laneId);
    lane?.close();
  }
}

/** Does what is asked of one lane. What fails is told through its control words. @param reply sends the answer, where there is one */
export function serveRequest(lane: KeeperLane, request: KeeperRequest, reply: (message: KeeperReply) => void): void {
  try {
    switch (request.kind) {
      case 'prepare':
        reply({ kind: 'prepared', laneId: request.laneId, chunk: lane.prepare(), catalog: lane.catalog.mapped });
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
    // Whoever opens a feed on a full disk may write into its ring: there will be room, or what waits for it fails then.
    if (request.kind === 'prepare' && request.early) lane.warn(error);
    else lane.control.setError(error);
    reply({ kind: 'failed', laneId: request.laneId });
  }
}
