/**
 * What somebody does with a store in which one file, any, was changed: opens it, writes on, repairs it. Each time a copy of the store, in the
 * place where it was made: it knows its directory.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DeepwaterError, ERROR_CODES, chunkPath, openCatalog, sharedRingDirectory, writeRemoved } from '../../../core/dist/index.js';
import { Platform, repairStore } from '../../dist/index.js';
import { Target, mutate } from './mutate.mjs';
import { Oracle } from './oracle.mjs';
import { prepare } from './prepare.mjs';
import { FEED, OTHER, T0, recordOf } from './store.mjs';

const OPTIONS = { logLevel: 'silent', handleSignals: false, cleanupMinutes: 0 };
/** `removed`: as `closed`, and retention has deleted its first chunk. */
const VARIANTS = ['closed', 'killed', 'outage', 'removed'];
const APPENDED = 20;
const isOurs = (error) => error instanceof DeepwaterError && Object.hasOwn(ERROR_CODES, error.code);
const text = (value) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each));

/** What readers say of times at which there was somebody who wrote. */
const TIMES = {
  segments: (reader) => reader.segments(),
  gaps: (reader) => reader.gaps(),
  coverage: (reader) => reader.coverage(T0, T0 + 2000),
};

/** What was found wrong, in our own words. */
class Wrong extends Error {}

export class WholeStores {
  #stores = new Map();

  constructor(directory) {
    this.directory = directory;
  }

  /** One mutation of any file, and one use of the store. @returns what was done, what the calls gave, and what was wrong */
  async one(random, say) {
    const variant = VARIANTS[Math.floor(random() * VARIANTS.length)];
    const store = await this.#store(variant);
    this.#reset(store);
    const { kind, name, what } = mutate(store.all, random);
    const use = ['opens', 'writes', 'repairs'][Math.floor(random() * 3)];
    say({ store: variant, what, use });
    const answers = [];
    try {
      await USES[use](new Use(store, kind, answers, random), random);
      return { store, kind, name, what, use, answers };
    } catch (error) {
      return { store, kind, name, what, use, answers, wrong: error instanceof Wrong ? error.message : `${error?.stack ?? error}` };
    }
  }

  close() {
    for (const { storeId } of this.#stores.values()) fs.rmSync(sharedRingDirectory(storeId), { recursive: true, force: true });
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  async #store(variant) {
    let store = this.#stores.get(variant);
    if (store !== undefined) return store;
    fs.mkdirSync(this.directory, { recursive: true });
    store = await prepare(path.join(this.directory, variant), variant === 'removed' ? 'closed' : variant);
    if (variant === 'removed') removeFirst(store);
    const { base, paths } = store;
    const other = path.join(base, 'feeds', OTHER);
    const plain = (file, kind, others = []) => new Target(file, kind, [[0, Math.max(1, fs.statSync(file).size), 1]], [], others);
    const locks = [paths.lock, paths.chunksLock, path.join(base, 'store.lock')];
    for (const lock of locks) if (!fs.existsSync(lock)) fs.writeFileSync(lock, '');
    fs.writeFileSync(path.join(base, 'cleanup.json'), '{ "format": 1, "clock": { "anchor": { "wallMs": 1, "bootId": "00", "uptimeMs": 1 }, "believedMs": 1 } }\n');
    const small = [
      ...locks.map((lock) => plain(lock, 'lock', [paths.spec])), plain(path.join(base, 'cleanup.json'), 'cleanup'),
      ...(variant === 'removed' ? [plain(paths.removed, 'removed', [paths.spec])] : []),
      plain(path.join(base, 'manifest.json'), 'manifest', [paths.spec]), plain(path.join(base, 'registry', 'checksum.json'), 'registry sum'),
      plain(path.join(base, 'registry', 'data.mdb'), 'registry', [paths.catalog]), plain(paths.segments, 'segments', [path.join(other, path.basename(paths.segments)), paths.catalog]),
    ];
    store.all = [...store.targets, ...store.targets, ...small];
    store.template = `${base}.template`;
    fs.cpSync(base, store.template, { recursive: true });
    store.rows = new Map(store.sequences.map((sequence) => [text(recordOf(sequence)), sequence]));
    const platform = await Platform.open(base, { ...OPTIONS, readOnly: true });
    const reader = await platform.createReader(FEED);
    store.times = Object.fromEntries(await Promise.all(Object.entries(TIMES).map(async ([name, read]) => [name, text(await read(reader))])));
    await platform.close();
    this.#stores.set(variant, store);
    return store;
  }

  #reset({ base, template, storeId }) {
    for (const name of fs.readdirSync(base)) fs.rmSync(path.join(base, name), { recursive: true, force: true });
    fs.cpSync(template, base, { recursive: true });
    fs.rmSync(sharedRingDirectory(storeId), { recursive: true, force: true });
  }
}

/** As retention does it. */
function removeFirst(store) {
  const { paths, schema, feed } = store;
  const { view } = openCatalog(paths.catalog, schema, feed.uid, true);
  writeRemoved(paths, feed.uid, 'owner', view.entry(0));
  view.markDeleted(0);
  const file = chunkPath(paths, 1);
  fs.rmSync(file);
  store.targets = store.targets.filter((target) => target.file !== file);
  for (const target of store.targets) {
    target.bytes = fs.readFileSync(target.file);
    target.others = target.others.filter((other) => other !== file);
  }
  store.sequences = store.sequences.slice(store.chunkRows[0]);
  store.chunkRows = store.chunkRows.slice(1);
  store.oracle = new Oracle(store);
}

/** Calls whose errors are ours, and reads whose records are held against what was written. */
class Use {
  constructor(store, kind, answers, random) {
    Object.assign(this, { store, kind, answers, random, lost: [], appended: new Map() });
  }

  /** What a call gives; undefined where it failed with an error of ours. */
  async ask(call) {
    try {
      const value = await call();
      this.answers.push('right');
      return { value };
    } catch (error) {
      if (!isOurs(error)) throw error;
      this.answers.push(error.code);
      return { error };
    }
  }

  /** Everything there is: records in order, each as it was written and once; what is missing was told. @returns the numbers, or the error */
  async readAll(platform) {
    const reader = await this.ask(() => platform.createReader(FEED));
    if (reader.error !== undefined) return reader;
    const given = await this.ask(() => reader.value.rangeSync(0, T0 + 2 ** 40));
    if (given.error !== undefined) return given;
    let before = -1;
    const numbers = given.value.map((row) => {
      const sequence = this.appended.get(text(row)) ?? this.store.rows.get(text(row));
      if (sequence === undefined) throw new Wrong(`a record was never written: ${text(row)}`);
      if (sequence <= before) throw new Wrong(`record ${sequence} comes behind ${before}`);
      return (before = sequence);
    });
    return { value: { numbers, reader: reader.value } };
  }

  /** Numbers that a subscriber from the beginning is told as lost, as [from, to). */
  losses({ numbers, reader }) {
    const told = [];
    const stream = reader.streamSync({ fromSequence: 0, allowMainThread: true, onLoss: ({ from, to }) => { told.push([from, to]); } });
    try {
      for (let n = 0; n < numbers.length; n++) stream.next();
    } finally {
      stream.return();
    }
    return told;
  }
}

const isTold = (ranges, sequence) => ranges.some(([from, to]) => sequence >= from && sequence < to);

const USES = {
  /** Platform and its lists: what they say of a feed is what it is, or there is an error. */
  async opens(use, random) {
    const { store } = use;
    const platform = await use.ask(() => Platform.open(store.base, { ...OPTIONS, readOnly: random() < 0.5 }));
    if (platform.error !== undefined) return;
    try {
      const feeds = await use.ask(() => platform.value.listFeeds());
      for (const info of feeds.value ?? []) {
        if (![FEED, OTHER].includes(info.name)) throw new Wrong(`there is no feed ${info.name}`);
        if (info.name === FEED && info.uid !== store.feed.uid) throw new Wrong(`feed ${FEED} is said to be ${info.uid}`);
        if (info.name === FEED && text(info.spec) !== text(store.feed.spec)) throw new Wrong(`feed ${FEED} is said to be ${text(info.spec)}`);
      }
      if (feeds.value !== undefined && !feeds.value.some(({ name }) => name === FEED) && use.kind !== 'feed') throw new Wrong(`feed ${FEED} is not listed`);
      const all = await use.readAll(platform.value);
      if (all.value === undefined) return;
      const { numbers, reader } = all.value;
      const least = use.kind === 'ring' || use.kind === 'catalog' || use.kind === 'bell' ? store.oracle.leastWithoutRing : store.oracle.least;
      if (numbers.length < least) throw new Wrong(`${numbers.length} records of ${least}`);
      // What it is put together from is the rings, the chunks and the marks of writers.
      const calm = ['manifest', 'registry', 'registry sum', 'symbols', 'feed', 'lock', 'cleanup', 'removed'].includes(use.kind);
      for (const [name, read] of Object.entries(TIMES)) {
        const { value } = await use.ask(() => read(reader));
        if (value !== undefined && calm && text(value) !== store.times[name]) throw new Wrong(`${name} gave ${text(value)} in place of ${store.times[name]}`);
      }
    } finally {
      await platform.value.close();
    }
  },

  /** A writer opens, appends and closes. */
  async writes(use, random) {
    const { store } = use;
    const notes = [];
    const platform = await use.ask(() => Platform.open(store.base, { ...OPTIONS, onEvent: ({ level, message }) => { if (level === 'warn' || level === 'error') notes.push(message); } }));
    if (platform.error !== undefined) return;
    let writer;
    try {
      writer = (await use.ask(() => platform.value.createWriter(FEED))).value;
      if (writer !== undefined) {
        const first = writer.position;
        for (let sequence = first; sequence < first + APPENDED; sequence++) {
          const [price, size, side, recv, ts] = recordOf(sequence);
          // Far behind all others in time, and now and then a symbol that is new.
          const row = [price, size, random() < 0.2 ? `new ${sequence}` : side, recv, ts + 1_000_000];
          writer.writeValues(...row);
          use.appended.set(text(row), sequence);
        }
      }
    } finally {
      await use.ask(() => platform.value.close());
    }
    const again = await use.ask(() => Platform.open(store.base, { ...OPTIONS, readOnly: true }));
    if (again.error !== undefined) return;
    try {
      const all = await use.readAll(again.value);
      if (all.value === undefined) return;
      const { numbers, reader } = all.value;
      const given = new Set(numbers);
      for (const sequence of use.appended.values()) if (!given.has(sequence)) throw new Wrong(`record ${sequence} was written and is gone`);
      const told = use.losses(all.value);
      const missing = store.sequences.slice(0, store.oracle.leastWithoutRing).filter((sequence) => !given.has(sequence) && !isTold(told, sequence));
      if (missing.length > 0 && notes.length === 0) throw new Wrong(`records ${missing.join(', ')} are gone, and nobody said so`);
      const [first] = use.appended.values();
      if (first === undefined) return;
      const part = await use.ask(() => reader.readFromSync(first, APPENDED));
      if (part.value !== undefined && (part.value.first !== first || part.value.records.length !== APPENDED)) throw new Wrong(`from ${first} on there are ${part.value.records.length} records from ${part.value.first} on`);
    } finally {
      await again.value.close();
    }
  },

  /** Repair keeps every block that is whole, tells of the rest, and leaves a store that is read without errors and in which a second one finds nothing. */
  async repairs(use) {
    const { store, kind } = use;
    const before = snapshot(store.base);
    const dry = await use.ask(() => repairStore(store.base, { dryRun: true }));
    const after = snapshot(store.base);
    if (before !== after) throw new Wrong('a dry run changed the store');
    const whole = intactRecords(store, kind);
    const report = await use.ask(() => repairStore(store.base));
    if (report.error !== undefined) return;
    if (dry.value !== undefined && dry.value.damaged !== report.value.damaged) throw new Wrong(`a dry run says damaged: ${dry.value.damaged}, the repair says ${report.value.damaged}`);
    const again = await use.ask(() => repairStore(store.base, { dryRun: true }));
    if (again.error !== undefined || again.value.damaged) throw new Wrong(`a second repair finds: ${again.error?.message ?? text(again.value)}; the first found: ${text(report.value)}`);
    const damages = report.value.feeds.filter(({ feed }) => feed === FEED).flatMap((feed) => feed.damages);
    const lost = damages.filter((damage) => damage.lost);
    const platform = await use.ask(() => Platform.open(store.base, { ...OPTIONS, readOnly: true }));
    if (platform.error !== undefined) throw new Wrong(`after the repair the store does not open: ${platform.error.message}`);
    try {
      const all = await use.readAll(platform.value);
      if (all.error !== undefined) {
        if (lost.length === 0 && !report.value.lost) throw new Wrong(`after a repair that tells of no loss a read fails: ${all.error.message}\n${text(report.value)}`);
        return;
      }
      const given = new Set(all.value.numbers);
      const told = lost.map(({ first = 0, next = 2 ** 53 }) => [first, next]);
      for (const sequence of store.sequences.slice(0, store.oracle.leastWithoutRing)) {
        if (given.has(sequence)) continue;
        if (!isTold(told, sequence)) throw new Wrong(`record ${sequence} is gone, and the repair does not say so: ${text(damages)}`);
        if (whole.has(sequence)) throw new Wrong(`record ${sequence} is in a block that is whole, and gone: ${text(damages)}`);
      }
    } finally {
      await platform.value.close();
    }
  },
};

/** Names and bytes of a store, times aside. */
function snapshot(base) {
  return fs.readdirSync(base, { recursive: true }).map(String).sort().map((name) => {
    const file = path.join(base, name);
    const stat = fs.lstatSync(file);
    return `${name} ${stat.mode} ${stat.isFile() ? fs.readFileSync(file).toString('latin1') : ''}`;
  }).join('\n');
}

/** Numbers of the records in complete blocks whose cells and descriptors are as they were, in chunks whose first page is. */
function intactRecords({ chunkRows, geometry, targets, sequences }, kind) {
  const intact = new Set();
  let at = 0;
  for (const [index, rows] of chunkRows.entries()) {
    const { file, bytes } = targets[index];
    const now = kind !== 'chunk' || fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() === true ? fs.readFileSync(file) : Buffer.alloc(0);
    const same = (from, to) => now.length >= to && now.subarray(from, to).equals(bytes.subarray(from, to));
    for (let block = 0; block * geometry.blockRows < rows && same(0, geometry.blockTableOffset); block++) {
      const count = Math.min(geometry.blockRows, rows - block * geometry.blockRows);
      const descriptor = geometry.blockTableOffset + block * geometry.blockBytes;
      const cells = geometry.columnWidths.map((width, column) => [geometry.columnOffsets[column] + block * geometry.blockRows * width, count * width]);
      if (count < geometry.blockRows || !same(descriptor, descriptor + geometry.blockBytes) || !cells.every(([from, size]) => same(from, from + size))) continue;
      for (let row = 0; row < count; row++) intact.add(sequences[at + block * geometry.blockRows + row]);
    }
    at += rows;
  }
  return intact;
}
