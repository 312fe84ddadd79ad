/** Where playback begins: with a record that its writer marked as an index point. */
import type { FeedFiles } from '../feed-files.js';
import { indexColumnOf, lastIndexPoint } from '../index-points.js';
import { runNow } from '../slices.js';
import { boundsBetween, greatestTime, leastTime } from '../time-bounds.js';
import { type Place, flagOf, placeOf } from './follow-options.js';
import type { Playback } from './follow-step.js';

/** A place, and whether it is an index point, or the first one from there on is wanted. */
export interface Beginning extends Place {
  readonly playback?: Playback;
}

/**
 * Where a subscriber begins, by its options. With `playback` that is the last index point with a time <= `start` (a number <=
 * `fromSequence`; without either the last there is), or the first one, where all lie behind that.
 * @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID, DW_FEED_NOT_INDEXED, DW_FILE_CORRUPT, DW_SYSTEM_CALL
 */
export function beginningOf(files: FeedFiles, given: Readonly<Record<string, unknown>>): Beginning {
  const { schema } = files;
  const place = placeOf(schema, given);
  if (!flagOf('playback', given['playback'])) return place;
  const column = indexColumnOf(files, 'playback: true');
  const clock = schema.clocks[0];
  if (clock === undefined) return place;
  const upTo = boundsBetween(schema, 0, leastTime(clock), place.bounds?.low ?? greatestTime(clock));
  const point = runNow(lastIndexPoint(files, column, upTo, place.from === undefined ? Infinity : place.from + 1));
  return { from: point?.sequence ?? 0, playback: { column, found: point !== undefined } };
}
