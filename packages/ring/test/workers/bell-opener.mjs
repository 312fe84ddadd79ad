// Started as a process, since looking at a bell that is not there would end it: opens a bell and looks at its word.
import fs from 'node:fs';
import { Bell } from '../../dist/index.js';

try {
  fs.writeSync(1, `${Atomics.load(Bell.open(process.argv[2]).word, 0)}\n`);
} catch (error) {
  fs.writeSync(1, `${error.code}\n`);
}
