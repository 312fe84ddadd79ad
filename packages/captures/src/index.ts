/** Captures: raw frames of real exchanges in files. */
export { readCaptures } from './read-captures.js';
export { CaptureLines } from './capture-lines.js';
export type { Capture, CaptureSink, CapturedConnection, CapturedFrame, CapturedReply } from './capture.js';
export { CaptureWriter } from './capture-writer.js';
export type { CaptureWriterOptions } from './capture-writer.js';
