/** Processes of these tests that print JSON lines, and what is needed around them. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';

export class Child {
  constructor(file, job, onLine) {
    this.job = job;
    this.process = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] });
    // What is said to one that was just killed.
    this.process.stdin.on('error', () => undefined);
    const lines = createInterface({ input: this.process.stdout });
    lines.on('line', (line) => onLine(JSON.parse(line)));
    this.ended = new Promise((resolve) => { this.process.once('close', (code, signal) => resolve({ code, signal })); });
  }

  say(line) { this.process.stdin.write(`${line}\n`); }
}

export const pause = (ms) => new Promise((resume) => { setTimeout(resume, ms); });

/** Waits for what a child says, or for its end before that. */
export async function orEnd(line, child) {
  const early = child.ended.then(({ code, signal }) => { throw new Error(`${child.job.name ?? 'the writer'} ended early with ${code ?? signal}`); });
  early.catch(() => undefined);
  return Promise.race([line, early]);
}

/** Random numbers in [0, 1) from a seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
}
