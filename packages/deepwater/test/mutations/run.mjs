/**
 * Mutates files of a small store and reads it, mutation after mutation: node run.mjs --seed 7 --from 0 --to 1000 [--base DIR] [--every 250]. Says how far it is, as
 * JSON lines; ends with 1 at the first answer that was not allowed. What mutation `index` of a seed is depends on these two numbers alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DeepwaterError, chunkPath, readFeedFile, serializeFeed } from '../../../core/dist/index.js';
import { FeedReader } from '../../../query/dist/index.js';
import { isMapped } from '../../../query/dist/open-chunk.js';
import { mix, mutate, randomFrom } from './mutate.mjs';
import { READS } from './oracle.mjs';
import { prepare } from './prepare.mjs';
import { FEED } from './store.mjs';
import { WholeStores } from './whole.mjs';

const READS_PER_MUTATION = 2;
const SAY_EVERY = 500;
/** Where they are slow. */
const SAY_EVERY_MS = 5000;

const { values } = parseArgs({ options: { seed: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' }, base: { type: 'string' }, every: { type: 'string' }, verbose: { type: 'boolean' } } });
const seed = Number(values.seed ?? 1);
const [from, to] = [Number(values.from ?? 0), Number(values.to ?? 1000)];
const say = (line) => { process.stdout.write(`${JSON.stringify(line)}\n`); };

// Half of all reads end with an error: where from is of interest where one number is replayed.
if (to - from > 1) Error.stackTraceLimit = 0;

const root = values.base ?? fs.mkdtempSync('/dev/shm/deepwater-mutations-');
const stores = [];
for (const variant of ['closed', 'killed', 'outage']) stores.push(await prepare(path.join(root, variant), variant));
const wholes = new WholeStores(path.join(root, 'whole'));

const codes = {};
const kinds = {};
const count = (of, name) => { of[name] = (of[name] ?? 0) + 1; };

function one(index) {
  const random = randomFrom(mix(seed, index));
  const store = stores[Math.floor(random() * stores.length)];
  const { kind, name, what, undo } = mutate(store.targets, random);
  count(kinds, `${kind} ${name}`);
  if (values.verbose) say({ index, store: store.variant, what });
  let reader;
  const done = [];
  try {
    if (kind === 'feed') {
      const problem = judgeFeed(store);
      if (problem !== undefined) return { store, what, wrong: problem };
      return undefined;
    }
    reader = new FeedReader(store.source);
    for (const read of store.oracle.choose(random, READS_PER_MUTATION)) {
      if (values.verbose) say({ read });
      const { wrong, code } = store.oracle.judge(read, reader, kind === 'ring' || kind === 'bell' ? 'changed' : kind === 'catalog' ? 'gone' : 'whole');
      if (wrong !== undefined) return { store, what, wrong };
      count(codes, code ?? 'right');
      done.push(read);
    }
    reader.close();
    const held = store.chunkRows.findIndex((_, i) => isMapped(chunkPath(store.paths, i + 1)));
    if (held >= 0) return { store, what, wrong: `after ${done.join(', ')} chunk ${held + 1} is still mapped, though its reader is closed` };
    return undefined;
  } finally {
    reader?.close();
    undo();
  }
}

/** One in so many is of a store that is written, repaired or opened afterwards: far slower. */
const every = Number(values.every ?? 250);
const isWhole = (index) => mix(seed ^ 0x5eed, index) % every === 0;

async function whole(index) {
  const { store, kind, name, what, use, answers, wrong } = await wholes.one(randomFrom(mix(seed, index)), values.verbose ? (line) => { say({ index, ...line }); } : () => {});
  count(kinds, `${kind} ${name}, ${use}`);
  for (const answer of answers) count(codes, answer);
  return wrong === undefined ? undefined : { store, what: `${what}; ${use}`, wrong };
}

/** The file of a feed is what it was, or not used. */
function judgeFeed({ base, feedText }) {
  try {
    const feed = readFeedFile(base, FEED);
    if (feed === undefined || serializeFeed(feed) === feedText) {
      count(codes, feed === undefined ? 'no feed' : 'right');
      return undefined;
    }
    return `feed.json was read as ${serializeFeed(feed)}`;
  } catch (error) {
    if (!(error instanceof DeepwaterError)) return `feed.json: ${error.stack}`;
    count(codes, error.code);
    return undefined;
  }
}

let failed = false;
let said = 0;
// Unharmed, each store gives everything: else the oracle is wrong.
for (const { oracle, source, variant } of stores) {
  const reader = new FeedReader(source);
  for (const read of Object.keys(READS)) {
    const { wrong, code } = oracle.judge(read, reader, 'whole');
    if (wrong === undefined && code === undefined) continue;
    say({ failed: 'unharmed', store: variant, read, code, wrong });
    failed = true;
  }
  reader.close();
}
for (let index = from; index < to && !(failed && !values.verbose); index++) {
  if ((index - from) % SAY_EVERY === 0 || performance.now() - said > SAY_EVERY_MS) {
    say({ at: index });
    said = performance.now();
  }
  const problem = isWhole(index) ? await whole(index) : one(index);
  if (problem === undefined) continue;
  say({ failed: index, seed, store: problem.store.variant, what: problem.what, wrong: problem.wrong });
  failed = true;
  if (!values.verbose) break;
}
wholes.close();
say({ done: to - from, codes, ...(values.verbose ? { kinds } : {}) });
fs.rmSync(root, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
