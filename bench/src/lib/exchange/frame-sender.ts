import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SenderOrder, SenderWord } from '../../children/frame-sender.js';
import { within } from '../within.js';

const SCRIPT = fileURLToPath(new URL('../../children/frame-sender.js', import.meta.url));

/** A process that sends frames (see children/frame-sender.ts). */
export interface FrameSender {
  readonly urls: { readonly ws: string; readonly rest: string };
  /** Begins; resolves when everything is sent. */
  send(limitMs: number): Promise<{ sent: number; latestMs: number }>;
  end(): void;
}

export async function startSender(order: SenderOrder): Promise<FrameSender> {
  const child = fork(SCRIPT, [], { execArgv: [] });
  const word = (has: keyof SenderWord): Promise<SenderWord> => new Promise((resolve, reject) => {
    const hear = (message: unknown): void => {
      if ((message as SenderWord)[has] === undefined) return;
      child.off('message', hear);
      resolve(message as SenderWord);
    };
    child.on('message', hear).once('exit', () => { reject(new Error('the sender of frames ended early')); });
  });
  const ready = word('port');
  child.send(order);
  const { port } = await within(30_000, ready, 'the sender of frames does not listen');
  return {
    urls: { ws: `ws://127.0.0.1:${port}`, rest: `http://127.0.0.1:${port}` },
    send: async (limitMs) => {
      const done = word('sent');
      child.send('go');
      const { sent = 0, latestMs = 0 } = await within(limitMs, done, 'the sender of frames has not sent everything');
      return { sent, latestMs };
    },
    end: () => { child.kill('SIGKILL'); },
  };
}
