import type { Platform } from 'deepwater';
import type { LoadedSource } from '../main-job/load.js';
import type { Progress } from '../main-job/progress.js';

/** Records written before the event loop is looked at, at full speed. */
const RECORDS_AT_ONCE = 256;

interface Lane {
  readonly loaded: LoadedSource;
  readonly writer: Awaited<ReturnType<Platform['createWriter']>>;
  readonly timeUs: (row: number) => number;
  next: number;
}

/**
 * Writes recordings to their feeds in the order of their times, record by record, as an exchange would send them.
 * @param speed times as fast as they were recorded; 0: as fast as possible
 */
export async function replay(platform: Platform, sources: readonly LoadedSource[], speed: number, progress: Progress): Promise<void> {
  const lanes: Lane[] = [];
  for (const loaded of sources) {
    lanes.push({ loaded, writer: await platform.createWriter(loaded.source.name), timeUs: timesOf(loaded), next: 0 });
  }
  const task = progress.start('replay', sources.reduce((sum, { rows }) => sum + rows, 0));
  const began = performance.now();
  let firstUs: number | undefined;
  let written = 0;
  for (let lane = earliest(lanes); lane !== undefined; lane = earliest(lanes)) {
    const timeUs = lane.timeUs(lane.next);
    firstUs ??= timeUs;
    const dueMs = speed === 0 ? 0 : (timeUs - firstUs) / 1000 / speed;
    const waitMs = began + dueMs - performance.now();
    if (waitMs >= 1) await new Promise((resume) => { setTimeout(resume, waitMs); });
    else if (++written % RECORDS_AT_ONCE === 0) await new Promise((resume) => { setImmediate(resume); });
    lane.loaded.source.writeRows(lane.writer, lane.loaded.columns, lane.next, lane.next + 1);
    lane.next++;
    task.advance(1);
  }
  for (const { writer } of lanes) await writer.close();
  task.finish();
}

function earliest(lanes: readonly Lane[]): Lane | undefined {
  let found: Lane | undefined;
  for (const lane of lanes) {
    if (lane.next < lane.loaded.rows && (found === undefined || lane.timeUs(lane.next) < found.timeUs(found.next))) found = lane;
  }
  return found;
}

function timesOf({ source, columns }: LoadedSource): (row: number) => number {
  const times = columns[source.spec.timestamp];
  return times instanceof BigUint64Array ? (row) => Number(times[row] / 1000n) : (row) => times[row];
}
