// Started as a process with a time limit: what a named pipe in the place of a file is met with.
import fs from 'node:fs';
import { openExisting, readSmallFile, regularFileSize } from '../../dist/engine.js';

const [pipe] = process.argv.slice(2);
const codeOf = (run) => {
  try {
    return run();
  } catch (error) {
    return error.code;
  }
};
fs.writeSync(1, `open: ${codeOf(() => regularFileSize(openExisting(pipe, false), pipe))}\n`);
fs.writeSync(1, `read: ${codeOf(() => readSmallFile(pipe, 100))}\n`);
