import { type AnySpec, type FeedSpec, fileStat } from '@deepwater/core/engine';
import { RecordReader } from '../record-reader.js';
import { runNow } from '../slices.js';
import type { TimeInput } from '../time-bounds.js';
import {
  type Coverage, type CoverageOptions, type Gap, type GapOptions, type RangeChoice, type TimeWindow, readCoverage, readGaps, readSuggestedRange,
} from './coverage.js';
import { type FeedSegment, type SegmentOptions, readFeedSegments } from './feed-segments.js';

/** What a reader tells of a feed's interruptions. Times come from the catalog and from block descriptors; rows are looked at in few blocks. */
export class SegmentReader<S extends AnySpec = FeedSpec> extends RecordReader<S> {
  /**
   * The stretches of the feed without a known interruption, in order of arrival: they begin where a writer opened or marked a boundary
   * (`writer.markSegment()`), and end where it closed, marked the next, or died. One without records is left out. In time they may
   * overlap, where records came out of order.
   * @throws DeepwaterError DW_FEED_NOT_PERSISTED, DW_OPTION_INVALID, DW_RANGE_INVALID, DW_READER_CLOSED, DW_FILE_CORRUPT
   */
  async segments(options?: SegmentOptions): Promise<FeedSegment[]> {
    return this.sliced(readFeedSegments(this.alive().files, options));
  }

  segmentsSync(options?: SegmentOptions): FeedSegment[] {
    return runNow(readFeedSegments(this.alive().files, options));
  }

  /**
   * A number that changes when a boundary between segments has been written, before any record behind it; 0 where nothing tells. To ask whether
   * `segments` may say something new costs a few microseconds.
   */
  segmentMark(): number {
    return fileStat(this.alive().files.paths.segments)?.size ?? 0;
  }

  /**
   * Which part of start <= time < end the feed's segments cover: from the first to the last time of each, however far apart its records.
   * @throws DeepwaterError as `segments`
   */
  async coverage(start: TimeInput, end: TimeInput, options?: CoverageOptions): Promise<Coverage> {
    return this.sliced(readCoverage(this.alive().files, start, end, options));
  }

  coverageSync(start: TimeInput, end: TimeInput, options?: CoverageOptions): Coverage {
    return runNow(readCoverage(this.alive().files, start, end, options));
  }

  /**
   * The stretches of time between segments, with why there are no records; with `silence` also those within a segment in which no record
   * came for longer than that. In order of time.
   * @throws DeepwaterError as `segments`
   */
  async gaps(options?: GapOptions): Promise<Gap[]> {
    return this.sliced(readGaps(this.alive().files, options));
  }

  gapsSync(options?: GapOptions): Gap[] {
    return runNow(readGaps(this.alive().files, options));
  }

  /**
   * A range to work with: the longest stretch of time that is covered without a gap, or the newest; undefined where there is none.
   * `range(start, end)` and `backtest` take it as it is.
   * @throws DeepwaterError as `segments`
   */
  async suggestedRange(options?: RangeChoice): Promise<TimeWindow | undefined> {
    return this.sliced(readSuggestedRange(this.alive().files, options));
  }

  suggestedRangeSync(options?: RangeChoice): TimeWindow | undefined {
    return runNow(readSuggestedRange(this.alive().files, options));
  }
}
