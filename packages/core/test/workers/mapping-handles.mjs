// Started as a process: takes every file handle there is, then asks for one more.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { openExisting } from '../../dist/engine.js';

const [file] = process.argv.slice(2);
execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=64:64']);
try {
  for (;;) openExisting(file, false);
} catch (error) {
  fs.writeSync(1, `${error.code} ${error.values.call} ${error.values.errno} ulimit: ${error.message.includes('ulimit -n')}\n`);
}
