/** Captures: raw frames of real exchanges in files. */
export { readCaptures } from './read-captures.js';
export type { Capture, CapturedFrame, CapturedReply } from './capture.js';
export { CaptureWriter } from './capture-writer.js';
export type { CaptureWriterOptions } from './capture-writer.js';
