// Started as a process with a time limit: loads positions whose words are anything.
import fs from 'node:fs';
import { loadPosition } from '../../dist/engine.js';

let state = Number(process.argv[2]) | 1;
const random = () => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state;
};
const words = new Int32Array(new SharedArrayBuffer(64));
let numbers = 0;
for (let i = 0; i < 100_000; i++) {
  for (const word of [0, 1, 2]) words[word] = (i & 1) === 0 ? random() : random() & 3;
  const value = loadPosition(words, 0);
  if (Number.isInteger(value) && value >= 0) numbers++;
}
fs.writeSync(1, `numbers: ${numbers}\n`);
