import {
  type Access, type CatalogView, type FeedPaths, SEGMENT_KIND, type SegmentKind, SegmentsFile, failpoint, highWord, joinWords, lowWord, segmentsOfChunks, syncDataAsync,
} from '@deepwater/core/engine';
import { LANE } from './control-layout.js';
import type { LaneControl } from './lane-control.js';

/** What the keeper knows when a writer opens. */
export interface SegmentOpening {
  readonly epoch: number;
  /** Where the records of earlier writers end. */
  readonly earlierEnd: number;
  /** Number of the next record. */
  readonly head: number;
  readonly powerLost: boolean;
  /** The same writer goes on: only its keeper is a new one. */
  readonly continued: boolean;
  readonly nowUs: number;
}

/** Entries after which no writer is open. */
const ENDS: ReadonlySet<SegmentKind> = new Set([SEGMENT_KIND.CLOSED, SEGMENT_KIND.CRASHED, SEGMENT_KIND.POWER_LOST, SEGMENT_KIND.UNKNOWN]);

/**
 * The segments of a feed that is being written, as its keeper has them. The writer's own thread appends the boundaries that it
 * marks (`SegmentMarks`); the two agree on places by the lane's control words.
 */
export class FeedSegments {
  readonly #file: SegmentsFile;
  readonly #control: LaneControl;
  #synced = 0;

  /**
   * Opens the file, makes again what chunks alone can tell, says how the writer before this one ended if that did not, and begins
   * a segment.
   * @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL, DW_FORMAT_VERSION, DW_FILE_CORRUPT
   */
  constructor(paths: FeedPaths, access: Access, feedUid: string, catalog: CatalogView, control: LaneControl, opening: SegmentOpening) {
    const { segments, held } = SegmentsFile.open(paths.segments, access, feedUid);
    this.#file = segments;
    this.#control = control;
    const { words } = control;
    const { epoch, earlierEnd, head, powerLost, continued, nowUs } = opening;
    if (continued) {
      this.append(SEGMENT_KIND.CONTINUED, head, epoch, nowUs);
      return;
    }
    let slot = held.slots;
    let last = held.entries.findLast(({ kind }) => kind !== SEGMENT_KIND.CONTINUED);
    if (last === undefined) {
      for (const entry of segmentsOfChunks(placesOf(catalog))) segments.write(slot++, last = entry);
    }
    if (last !== undefined && !ENDS.has(last.kind)) {
      const kind = powerLost ? SEGMENT_KIND.POWER_LOST : SEGMENT_KIND.CRASHED;
      segments.write(slot++, { kind, sequence: earlierEnd, wallUs: nowUs, epoch: last.epoch, reason: '' });
      failpoint('segments.ended');
    }
    Atomics.store(words, LANE.SEGMENT_SLOTS, slot);
    this.append(SEGMENT_KIND.OPENED, head, epoch, nowUs);
    failpoint('segments.opened');
    storeBoundary(control, head);
  }

  /** Says what happened before the record with the number `sequence`. @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
  append(kind: SegmentKind, sequence: number, epoch: number, nowUs: number): void {
    const { words } = this.#control;
    this.#file.write(Atomics.add(words, LANE.SEGMENT_SLOTS, 1), { kind, sequence, wallUs: nowUs, epoch, reason: '' });
    Atomics.add(words, LANE.SEGMENTS_WRITTEN, 1);
  }

  /** Makes durable what was written by now, by this thread or the writer's. Costs nothing where nothing was. */
  async sync(): Promise<void> {
    const written = Atomics.load(this.#control.words, LANE.SEGMENTS_WRITTEN);
    if (written === this.#synced) return;
    await syncDataAsync(this.#file.descriptor, this.#file.path);
    failpoint('segments.synced');
    this.#synced = written;
  }

  /**
   * Lets go of the file.
   * @param sequence where the writer's records end, if it closed; what is left for a successor ends as that one finds it
   */
  end(sequence: number | undefined, epoch: number, nowUs: number): void {
    try {
      if (sequence !== undefined) this.append(SEGMENT_KIND.CLOSED, sequence, epoch, nowUs);
      this.#file.sync();
    } finally {
      this.#file.close();
    }
  }
}

/** What a writer's thread needs to mark boundaries; the file is opened with the first. */
export class SegmentMarks {
  #file: SegmentsFile | undefined;
  /** A place that was taken, and could not be written. */
  #slot: number | undefined;

  constructor(
    private readonly path: string,
    private readonly feedUid: string,
    private readonly control: LaneControl,
    private readonly epoch: number,
  ) {}

  /** Says what ends (or is marked) before the record with the number `sequence`. @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
  write(kind: SegmentKind, sequence: number, nowUs: number, reason: string): void {
    this.#file ??= SegmentsFile.attach(this.path, this.feedUid);
    this.#slot ??= Atomics.add(this.control.words, LANE.SEGMENT_SLOTS, 1);
    this.#file.write(this.#slot, { kind, sequence, wallUs: nowUs, epoch: this.epoch, reason });
    this.#slot = undefined;
    Atomics.add(this.control.words, LANE.SEGMENTS_WRITTEN, 1);
  }

  /** Marks a boundary; where no record has come since the last one, there is one already. */
  mark(sequence: number, nowUs: number, reason: string): void {
    const { words } = this.control;
    if (joinWords(Atomics.load(words, LANE.BOUNDARY_LOW), Atomics.load(words, LANE.BOUNDARY_HIGH)) === sequence) return;
    this.write(SEGMENT_KIND.MARKED, sequence, nowUs, reason);
    failpoint('segments.marked');
    storeBoundary(this.control, sequence);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function storeBoundary({ words }: LaneControl, sequence: number): void {
  Atomics.store(words, LANE.BOUNDARY_LOW, lowWord(sequence));
  Atomics.store(words, LANE.BOUNDARY_HIGH, highWord(sequence));
}

function* placesOf(catalog: CatalogView): Generator<ReturnType<CatalogView['entry']>> {
  for (let index = 0; index < catalog.count; index++) yield catalog.entry(index);
}
