import {
  type Access, type CatalogView, type FeedPaths, SEGMENT_KIND, type SegmentEntries, type SegmentKind, SegmentsFile, failpoint, highWord, joinWords, lowWord, segmentsOfChunks, syncDataAsync,
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
  #file: SegmentsFile;
  readonly #access: Access;
  readonly #control: LaneControl;
  #synced = 0;
  /** The device did not take the file. */
  #refused = false;

  /**
   * Opens the file, makes again what chunks alone can tell, says how the writer before this one ended if that did not, and begins
   * a segment.
   * @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL, DW_FORMAT_VERSION, DW_FILE_CORRUPT
   */
  constructor(paths: FeedPaths, access: Access, feedUid: string, catalog: CatalogView, control: LaneControl, opening: SegmentOpening) {
    const { segments, held } = SegmentsFile.open(paths.segments, access, feedUid);
    this.#file = segments;
    this.#access = access;
    this.#control = control;
    try {
      this.#begin(held, catalog, opening);
    } catch (error) {
      segments.close();
      throw error;
    }
  }

  #begin(held: SegmentEntries, catalog: CatalogView, { epoch, earlierEnd, head, powerLost, continued, nowUs }: SegmentOpening): void {
    if (continued) {
      this.append(SEGMENT_KIND.CONTINUED, head, epoch, nowUs);
      return;
    }
    let slot = held.slots;
    let last = held.entries.findLast(({ kind }) => kind !== SEGMENT_KIND.CONTINUED);
    if (last === undefined) {
      for (const entry of segmentsOfChunks(placesOf(catalog))) this.#file.write(slot++, last = entry);
    }
    if (last !== undefined && !ENDS.has(last.kind)) {
      const kind = powerLost ? SEGMENT_KIND.POWER_LOST : SEGMENT_KIND.CRASHED;
      this.#file.write(slot++, { kind, sequence: earlierEnd, wallUs: nowUs, epoch: last.epoch, reason: '' });
      failpoint('segments.ended');
    }
    Atomics.store(this.#control.words, LANE.SEGMENT_SLOTS, slot);
    this.append(SEGMENT_KIND.OPENED, head, epoch, nowUs);
    failpoint('segments.opened');
    storeBoundary(this.#control, head);
  }

  /** Says what happened before the record with the number `sequence`. @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
  append(kind: SegmentKind, sequence: number, epoch: number, nowUs: number): void {
    const { words } = this.#control;
    this.#file.write(Atomics.add(words, LANE.SEGMENT_SLOTS, 1), { kind, sequence, wallUs: nowUs, epoch, reason: '' });
    Atomics.add(words, LANE.SEGMENTS_WRITTEN, 1);
  }

  /**
   * Makes durable what was written by now, by this thread or the writer's. Costs nothing where nothing was. A file that the device
   * refused is not synced again (rule 9): the next call writes it anew.
   */
  async sync(): Promise<void> {
    const written = Atomics.load(this.#control.words, LANE.SEGMENTS_WRITTEN);
    if (written === this.#synced) return;
    if (this.#refused) this.#writeAnew();
    else {
      try {
        await syncDataAsync(this.#file.descriptor, this.#file.path);
      } catch (error) {
        this.#refused = true;
        throw error;
      }
    }
    failpoint('segments.synced');
    this.#synced = written;
  }

  /**
   * Puts a new file with the same entries in the place of the one that the device refused. What the writer's thread appends to the old one
   * meanwhile it appends to the new one again, or it is copied here: one of the two sees the other.
   */
  #writeAnew(): void {
    const old = this.#file;
    this.#file = old.writeAnew(this.#access);
    Atomics.add(this.#control.words, LANE.SEGMENTS_FILE, 1);
    try {
      old.copyEntriesTo(this.#file);
      this.#file.sync();
      this.#refused = false;
    } finally {
      old.close();
    }
  }

  /** The writer has closed: its records end before `sequence`; undefined where some are left for a successor, who will say so. */
  end(sequence: number | undefined, epoch: number, nowUs: number): void {
    if (sequence !== undefined) this.append(SEGMENT_KIND.CLOSED, sequence, epoch, nowUs);
    if (this.#refused) this.#writeAnew();
    else this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }
}

/** What a writer's thread needs to mark boundaries; the file is opened with the first. */
export class SegmentMarks {
  #file: SegmentsFile | undefined;
  #fileNumber = 0;
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
    const { words } = this.control;
    this.#slot ??= Atomics.add(words, LANE.SEGMENT_SLOTS, 1);
    for (let written = -1; written !== Atomics.load(words, LANE.SEGMENTS_FILE);) {
      // Another file may take this one's place at any moment: looked at again after the write.
      written = Atomics.load(words, LANE.SEGMENTS_FILE);
      if (this.#fileNumber !== written) this.close();
      this.#file ??= SegmentsFile.attach(this.path, this.feedUid);
      this.#fileNumber = written;
      this.#file.write(this.#slot, { kind, sequence, wallUs: nowUs, epoch: this.epoch, reason });
    }
    this.#slot = undefined;
    Atomics.add(words, LANE.SEGMENTS_WRITTEN, 1);
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
