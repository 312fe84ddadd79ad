// Runs programs one after the other, each when the one before has ended by itself: when nothing keeps the process alive any more.
// Starting a process and loading the packages takes longer than most programs, so they share that.
//
//     node run-programs.mjs first.mjs second.mjs …
import { pathToFileURL } from 'node:url';

const files = process.argv.slice(2);
/** The program that runs. @type {string | undefined} */
let running;

process.on('beforeExit', () => {
  if (running !== undefined) {
    console.error(`${running} waits for what never comes`);
    process.exit(1);
  }
  const file = files.shift();
  if (file === undefined) return;
  running = file;
  console.log(`--- ${file}`);
  void import(pathToFileURL(file).href).then(() => { running = undefined; });
});
