/** The lanes of one process, as the ingest worker drains them, whatever thread it runs in and however messages come to it. */
import { system } from '@deepwater/core/engine';
import { Lane } from './lane.js';
import type { KeeperReply, KeeperRequest, LaneInit, PreparedChunk } from './lane-source.js';

/** What one look at every lane came to. */
export interface Round {
  /** Rows that were moved. */
  readonly moved: number;
  /** How full the fullest ring is, 0 to 1. */
  readonly fill: number;
  /** Whether a lane has enough for another round at once. */
  readonly more: boolean;
  /** The shortest time in which rows have to be in a chunk, ms; Infinity without lanes. */
  readonly intervalMs: number;
}

export class IngestLanes {
  readonly #lanes = new Map<number, Lane>();

  /**
   * @param ask sends a request to the keeper
   * @param pause lets what the keeper has sent come in
   */
  constructor(
    private readonly ask: (request: KeeperRequest) => void,
    private readonly pause: () => Promise<void>,
  ) {}

  get size(): number {
    return this.#lanes.size;
  }

  attach(init: LaneInit): void {
    this.#lanes.set(init.laneId, new Lane(init, this.ask));
  }

  /** Moves everything to chunks and lets the lane go; the prepared chunk that was not used. */
  async detach(laneId: number): Promise<PreparedChunk | undefined> {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return undefined;
    while (!lane.finish(system.monotonicMs())) {
      const error = lane.control.error;
      if (error !== undefined) throw error;
      await this.pause(); // the next chunk is on its way
    }
    this.#lanes.delete(laneId);
    return lane.close();
  }

  /** Lets the lane go as it is: what is in the ring stays there for the next writer. */
  abandon(laneId: number): void {
    this.#lanes.delete(laneId);
  }

  /** What the keeper has sent. */
  take(reply: KeeperReply): void {
    this.#lanes.get(reply.laneId)?.take(reply);
  }

  /** Gives every lane its turn. */
  round(): Round {
    const nowMs = system.monotonicMs();
    let moved = 0;
    let fill = 0;
    let more = false;
    let intervalMs = Infinity;
    for (const lane of this.#lanes.values()) {
      moved += lane.turn(nowMs);
      fill = Math.max(fill, lane.fill);
      more ||= lane.more;
      intervalMs = Math.min(intervalMs, lane.intervalMs);
    }
    return { moved, fill, more, intervalMs };
  }
}
