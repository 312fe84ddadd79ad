import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Capture, readCaptures } from '@deepwater/captures';

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

/** Where whole recordings of real exchanges lie: what DEEPWATER_RECORDINGS names, else beside the repository; undefined where there are none. */
export function recordingsFolder(): string | undefined {
  return [process.env['DEEPWATER_RECORDINGS'], BESIDE_THE_REPOSITORY].find((folder) => folder !== undefined && existsSync(folder));
}

/** One message, or the answer to a request, as it came. */
export interface Message {
  readonly us: number;
  /** The bytes of a frame; undefined for a reply. */
  readonly bytes: Buffer | undefined;
  readonly reply: string | undefined;
}

/** @param connection of which messages are wanted */
export function messagesOf(capture: Capture, connection = 0): Message[] {
  const frames = capture.received.filter((frame) => frame.connection === connection).map(({ us, text }) => ({ us, bytes: Buffer.from(text), reply: undefined }));
  const replies = capture.replies.map(({ us, body }) => ({ us, bytes: undefined, reply: body }));
  // Sorting is stable; of one moment, the reply comes first.
  return [...replies, ...frames].sort((a, b) => a.us - b.us);
}

export function readRecording(file: string): Capture {
  return readCaptures([path.join(recordingsFolder() ?? '', file)]);
}
