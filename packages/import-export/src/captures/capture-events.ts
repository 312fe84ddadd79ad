/** The lines of a capture as what happened, one thing after another. */
import { CaptureLines, type CapturedConnection, type CapturedFrame, type CapturedReply } from '@deepwater/captures';
import { DeepwaterError } from '@deepwater/core';
import type { SourceFile } from '../unpack/source-file.js';
import { textLines } from '../unpack/text-lines.js';

export type CaptureEvent =
  /** What passes on it has its number. */
  | { readonly kind: 'connection'; readonly number: number; readonly connection: CapturedConnection }
  | { readonly kind: 'frame'; readonly line: number; readonly frame: CapturedFrame }
  | { readonly kind: 'reply'; readonly reply: CapturedReply }
  /** A line that is not what the format says. */
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

/** Frames of one moment that may wait for a reply: some captures have no times, or a clock that went back, and then all that follows is of one. */
const FRAMES_MAX = 1000;
/** As long as the longest frame that is recorded. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * As they came; of one moment, replies first.
 * @throws DeepwaterError DW_IMPORT_LAYOUT for a file that does not begin as a capture, DW_IMPORT_UNREADABLE
 */
export async function* captureEvents(file: SourceFile): AsyncGenerator<CaptureEvent, void, void> {
  const [part, ...others] = await file.parts();
  if (part === undefined || others.length > 0) throw noCapture(file.path, `the zip has ${others.length + (part === undefined ? 0 : 1)} entries, not one`);
  /** What the line at hand tells. */
  const told: CaptureEvent[] = [];
  let connections = 0;
  let line = 0;
  const lines = new CaptureLines(file.path, {
    connection(connection) {
      told.push({ kind: 'connection', number: connections, connection });
      return connections++;
    },
    received: (frame) => { told.push({ kind: 'frame', line, frame }); },
    sent: () => undefined,
    replied: (reply) => { told.push({ kind: 'reply', reply }); },
  });
  /** Frames of one moment, which a reply may still come before. */
  let frames: CaptureEvent[] = [];
  let us = -Infinity;
  let begun = false;
  for await (const { text, line: number } of textLines(part.blocks(), LINE_BYTES_MAX, file.cutOff)) {
    line = number;
    try {
      if (text === undefined) throw new DeepwaterError('DW_OPTION_INVALID', `the line is longer than ${LINE_BYTES_MAX / (1 << 20)} MiB`);
      lines.line(text, number);
      begun = true;
    } catch (error) {
      if (!begun || !DeepwaterError.isDeepwaterError(error)) throw noCapture(file.path, (error as Error).message, error);
      told.push({ kind: 'bad', line, reason: error.message });
    }
    for (const event of told.splice(0)) {
      const at = event.kind === 'frame' ? event.frame.us : event.kind === 'reply' ? event.reply.us : us;
      if (at > us || event.kind === 'connection' || frames.length === FRAMES_MAX) {
        yield* frames;
        frames = [];
        us = at;
      }
      if (event.kind === 'frame') frames.push(event);
      else yield event;
    }
  }
  if (!begun) throw noCapture(file.path, 'it has no line');
  yield* frames;
}

function noCapture(file: string, reason: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_IMPORT_LAYOUT', `${file} is no capture: ${reason}`, { values: { file, layout: 'capture' }, cause });
}
