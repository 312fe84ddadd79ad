import type { CaptureSink, CapturedConnection } from './capture.js';

/** Takes a line. @returns what it ought to have been, where it is something else: nothing has been told of it then */
export type ReadLine = (line: string) => string | undefined;

export interface CaptureFormat {
  /** Whether a file with this first line is in this format. */
  begins(line: string): boolean;
  /** For the lines of one file. */
  reader(into: CaptureSink): ReadLine;
}

/** Whether something can be a time, in microseconds: from 1970 to 2100. */
export const isTime = (us: number): boolean => us >= 0 && us < 4_102_444_800_000_000;

/** A file that does not tell of connections has one, which may have been open before it began. */
export const UNTOLD: CapturedConnection = { address: '', name: '', continued: true };
