// A process that works on a store and is going to be killed. It is told what to do on its standard input, as one line of JSON:
// { base, options, log, steps }; and notes in `log` what it begins and what was acknowledged. Where nobody kills it, it closes and ends.
import './hook.mjs';
import fs from 'node:fs';
import { Platform, migrateStore, repairStore } from '../../dist/index.js';
import { recordOf, specOf } from './record.mjs';

const { base, options, log, steps } = JSON.parse(await new Promise((resolve) => process.stdin.once('data', (line) => resolve(String(line)))));
process.stdin.destroy();

const notes = fs.openSync(log, 'a');
const tell = (note) => { fs.writeSync(notes, `${JSON.stringify(note)}\n`); };

let platform;
const writing = new Set();
const open = async () => (platform ??= await Platform.open(base, options));
const shut = async () => {
  await platform?.close();
  writing.clear();
  platform = undefined;
};

/** What a victim can be told to do; each gives what is noted of it when it is done. */
const STEPS = {
  create: async ({ feed }) => ({ uid: (await (await open()).createFeed(specOf(feed))).uid }),
  lifecycle: async ({ feed, change }) => { await (await open()).setLifecycle(feed, change); },
  async delete({ feed }) {
    await STEPS.close({ feed });
    await (await open()).deleteFeed(feed);
  },
  async write({ feed, count, then, mark }) {
    await open();
    const writer = await platform.createWriter(feed);
    if (!writing.has(feed)) tell({ feed, opened: writer.position });
    writing.add(feed);
    for (let left = count; left > 0;) {
      const batch = Math.min(left, 64);
      for (let n = 0; n < batch; n++) writer.writeValues(...recordOf(writer.position));
      tell({ feed, accepted: writer.position });
      left -= batch;
    }
    if (mark) writer.markSegment();
    if (then === 'flush') await writer.flush();
    if (then === 'sync') await writer.sync().catch((error) => { if (process.env['REFUSE'] === undefined) throw error; });
  },
  'open-writer': async ({ feed }) => { await (await (await open()).createWriter(feed)).close(); },
  async close({ feed }) {
    if (writing.delete(feed)) await (await platform.createWriter(feed)).close();
  },
  cleanup: async () => { await (await open()).cleanup(); },
  reopen: async () => { await shut(); await open(); },
  async repair() {
    await shut();
    await repairStore(base);
  },
  migrate: async () => { await migrateStore(base); },
  die: () => { process.kill(process.pid, 'SIGKILL'); },
};

for (const [index, step] of steps.entries()) {
  tell({ begun: index });
  tell({ done: index, ...await STEPS[step.do](step) });
}
await shut();
tell({ ended: true });
