// Started as a process that is expected to die: stores into a read-only mapping.
import fs from 'node:fs';
import { mapFile } from '../../dist/engine.js';

const [path] = process.argv.slice(2);
const fd = fs.openSync(path, 'r');
const { buffer } = mapFile(fd, { path, length: 4096, mode: 'read-only' });
fs.writeSync(1, `read ${new Uint8Array(buffer)[0]}\n`);
new Uint8Array(buffer)[0] = 1;
fs.writeSync(1, 'stored\n');
