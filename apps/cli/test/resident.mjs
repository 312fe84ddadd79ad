/** Runs commands one after the other in a process that has loaded the program already; says of each what it printed and would end with. */
import { run } from '../dist/index.js';

const written = { stdout: [], stderr: [] };
for (const name of ['stdout', 'stderr']) {
  process[name].write = (piece) => {
    written[name].push(Buffer.from(piece));
    return true;
  };
}

let last = Promise.resolve();
process.on('message', ({ id, args }) => {
  last = last.then(async () => {
    const code = await run(args);
    const [stdout, stderr] = [written.stdout, written.stderr].map((pieces) => Buffer.concat(pieces.splice(0)).toString('utf8'));
    process.send({ id, code, stdout, stderr });
  });
});
process.on('disconnect', () => { process.exit(); });
