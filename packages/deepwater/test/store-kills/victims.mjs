/** Victims: processes that are started ahead, told what to do, and killed at a failpoint or at a random moment. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildVictim } from '../../../ingest/test/kills/build-victim.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const file = (name) => path.join(here, name);

export const buildVictims = () => buildVictim(
  { victim: file('victim.mjs'), 'keeper-worker': file('keeper-worker.mjs'), 'ingest-worker': file('ingest-worker.mjs'), 'cleanup-worker': file('cleanup-worker.mjs') },
  undefined, /^(koffi|lmdb|pino|rotating-file-stream)(\/|$)/,
);

/**
 * @param {string} program
 * @param {{ at?: string, afterMs?: number, refuse?: number }} how it dies: at a failpoint (`name:n`), or so long after it began
 */
export function startVictim(program, directory, { at = '', afterMs, refuse }) {
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // What it leaves in the directory for temporary files is to be seen, too.
    env: { ...process.env, KILL_AT: at, TMPDIR: path.join(directory, '..', 'tmp'), ...(refuse === undefined ? {} : { REFUSE: String(refuse) }) },
  });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += String(text)));
  child.stdin.on('error', () => {}); // it may be dead before it is told
  const exited = new Promise((resolve) => child.on('close', (code, signal) => { resolve({ code, signal }); }));
  return {
    at, afterMs,
    discard: async () => { child.kill('SIGKILL'); await exited; },
    /** @returns {Promise<{ killed: boolean, notes: object[] }>} what it noted, and whether it was killed */
    async run(work) {
      const log = path.join(directory, 'log');
      fs.writeFileSync(log, '');
      child.stdin.write(`${JSON.stringify({ ...work, log })}\n`);
      if (afterMs !== undefined) {
        while (fs.statSync(log).size === 0 && child.exitCode === null && child.signalCode === null) await delay(1);
        await Promise.race([delay(afterMs), exited]);
        child.kill('SIGKILL');
      }
      const { code, signal } = await exited;
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the victim ended with ${code ?? signal}: ${stderr}`);
      return { killed: signal === 'SIGKILL', notes: fs.readFileSync(log, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line)) };
    },
  };
}
