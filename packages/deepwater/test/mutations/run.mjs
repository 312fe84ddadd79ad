/**
 * Mutates files of a small store and reads it, mutation after mutation: node run.mjs --seed 7 --from 0 --to 1000 [--base DIR]. Says how far it is, as
 * JSON lines; ends with 1 at the first answer that was not allowed. What mutation `index` of a seed is depends on these two numbers alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DeepwaterError, chunkPath, readFeedFile, ringPaths, serializeFeed } from '../../../core/dist/index.js';
import { FeedReader } from '../../../query/dist/index.js';
import { isMapped } from '../../../query/dist/open-chunk.js';
import { Target, mix, mutate, randomFrom } from './mutate.mjs';
import { Oracle, READS } from './oracle.mjs';
import { FEED, OTHER, makeStore } from './store.mjs';

const READS_PER_MUTATION = 2;
const SAY_EVERY = 500;

const { values } = parseArgs({ options: { seed: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' }, base: { type: 'string' }, verbose: { type: 'boolean' } } });
const seed = Number(values.seed ?? 1);
const [from, to] = [Number(values.from ?? 0), Number(values.to ?? 1000)];
const say = (line) => { process.stdout.write(`${JSON.stringify(line)}\n`); };

// Half of all reads end with an error: where from is of interest where one number is replayed.
if (to - from > 1) Error.stackTraceLimit = 0;

const root = values.base ?? fs.mkdtempSync('/dev/shm/deepwater-mutations-');
const stores = [];
for (const variant of ['closed', 'killed', 'outage']) stores.push(await prepare(path.join(root, variant), variant));

/** A store with everything that can be broken in it. */
async function prepare(base, variant) {
  const made = await makeStore(base, variant);
  const { geometry, paths } = made;
  const other = path.join(base, 'feeds', OTHER);
  const tableEnd = geometry.blockTableOffset + geometry.blockCount * geometry.blockBytes;
  const chunks = made.chunkRows.map((rows, index) => {
    // The rows behind the last complete block of a chunk that is not sealed have no checksum yet.
    const open = variant !== 'closed' && index === made.chunkRows.length - 1;
    return chunkTarget(index, open ? rows - (rows % geometry.blockRows) : rows, open, variant === 'killed' ? rows : 0);
  });
  function chunkTarget(index, rows, open, allRows) {
    return new Target(chunkPath(paths, index + 1), 'chunk', [
    [0, 512, 3], [512, 1024, 2], [1024, 1300, 2], [1300, 4096, 0.2], [4096, geometry.blockTableOffset, 1], [geometry.blockTableOffset, tableEnd, 4],
    ...geometry.columnOffsets.map((offset, i) => [offset, offset + rows * geometry.columnWidths[i], 1]),
    [geometry.columnOffsets[0] + rows * geometry.columnWidths[0], geometry.columnOffsets[1], 0.2],
  ], open ? [] : [olderChunk(chunkPath(paths, index + 1), geometry)], [chunkPath(paths, ((index + 1) % 3) + 1), path.join(other, 'chunks', path.basename(chunkPath(paths, index + 1))), paths.catalog],
  open ? geometry.columnOffsets.map((offset, i) => [offset + rows * geometry.columnWidths[i], offset + Math.max(rows, allRows) * geometry.columnWidths[i]]) : []);
  }
  const catalog = new Target(paths.catalog, 'catalog', [[0, 64, 2], [128, 1024, 3], [4096, 4096 + 3 * 256, 5], [4096 + 3 * 256, 4096 + 5 * 256, 0.5]],
    [olderCatalog(paths.catalog)], [path.join(other, 'catalog.dwc'), chunkPath(paths, 1)]);
  const symbols = new Target(paths.symbols, 'symbols', [[0, 64, 1], [64, 4096, 0.2], [4096, fs.statSync(paths.symbols).size, 4]], [], [path.join(other, 'symbols.dws'), paths.catalog]);
  const feed = new Target(paths.spec, 'feed', [[0, fs.statSync(paths.spec).size, 1]], [], [path.join(other, 'feed.json')]);
  const targets = [...chunks, ...chunks, catalog, catalog, symbols, feed];
  if (variant === 'killed') {
    const { ring, bell } = ringPaths(paths.directory, FEED);
    // Rows in the ring are in memory, and so is the count of them; what it is of, and where it begins, is held against the rest.
    targets.push(new Target(ring, 'ring', [[0, 640, 3], [768, 780, 1]], [], [bell, paths.catalog]), new Target(bell, 'bell', [[0, 2048, 1]], [], [ring]));
  }
  const source = { basePath: base, storeId: made.storeId, feedUid: made.feed.uid, spec: made.feed.spec };
  return { ...made, base, source, targets, oracle: new Oracle(made), feedText: serializeFeed(made.feed) };
}

/** A chunk as it was with one block less. */
function olderChunk(file, geometry) {
  const bytes = fs.readFileSync(file);
  const rows = Math.max(0, bytes.readUInt32LE(768) - geometry.blockRows);
  bytes.writeUInt32LE(2, 512);
  bytes.writeUInt32LE(rows, 768);
  bytes.writeUInt32LE(rows, 896);
  bytes.fill(0, 1024, 1280);
  const block = Math.floor(rows / geometry.blockRows);
  bytes.fill(0, geometry.blockTableOffset + block * geometry.blockBytes, geometry.blockTableOffset + geometry.blockCount * geometry.blockBytes);
  geometry.columnOffsets.forEach((offset, i) => { bytes.fill(0, offset + rows * geometry.columnWidths[i], offset + geometry.capacityRows * geometry.columnWidths[i]); });
  return bytes;
}

/** A catalog as it was before the last chunk. */
function olderCatalog(file) {
  const bytes = fs.readFileSync(file);
  const count = bytes.readUInt32LE(128) - 1;
  bytes.writeUInt32LE(count, 128);
  bytes.fill(0, 4096 + count * 256, 4096 + (count + 1) * 256);
  return bytes;
}

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
  if ((index - from) % SAY_EVERY === 0) say({ at: index });
  const problem = one(index);
  if (problem === undefined) continue;
  say({ failed: index, seed, store: problem.store.variant, what: problem.what, wrong: problem.wrong });
  failed = true;
  if (!values.verbose) break;
}
say({ done: to - from, codes, ...(values.verbose ? { kinds } : {}) });
fs.rmSync(root, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
