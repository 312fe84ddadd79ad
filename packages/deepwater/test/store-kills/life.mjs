/**
 * The lives of one store: processes make, change, write, clean up and delete its feeds, and are killed. What was acknowledged is kept
 * here; after each death the store is looked at as any user would.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Platform, checkHealth, repairStore, subscribe } from '../../dist/index.js';
import { FAILPOINTS, compileSchema, feedPaths, readFeedFile, readRemoved, removedEnd } from '../../../core/dist/index.js';
import { openRing } from '../../../ring/dist/index.js';
import { OPTIONS, randomFrom, recordOf } from './record.mjs';
import { startVictim } from './victims.mjs';

/** Failpoints that the life of a store comes to. Those of a power loss, of repair's own damages and of migration have others. */
export const LIFE_POINTS = FAILPOINTS.filter((name) => !/^(repair|migrate)\.|leftover-(counted|adopted)$|stale-retired$/.test(name));
/** Records that a victim writes before it says so. */
const BATCH = 64;
/** More than the chunks of these have room in a new catalog. */
const GROWING_RECORDS = 32_000;
/** Kept for a look: the last three. */
const ASIDES_MAX = 3;
const FEEDS_MAX = 5;
/** Longer than this nobody waits for a record that is there. */
const WAIT_MS = 10_000;
/** A retention that some chunks are beyond after a few steps. */
const SMALL_BYTES = 200_000;

/** What is known of a feed. */
class KnownFeed {
  /** Records below were accepted; whether there are none behind: a batch that nobody heard of may be there. */
  accepted = 0;
  exact = true;
  /** Its catalog was lost: the next writer may pass numbers that the one before may have given out. Where that was done, [from, to]. */
  mayJump = false;
  jumps = [];
  /** A writer began behind a jump, and nothing is known to have been written there: what was accepted before. */
  landed = undefined;
  /** Its deletion was begun. */
  deleting = false;
  first = 0;
  /** What retention by size may be: as acknowledged, and as it was being set. 0: none. */
  retention = [0];
  /** Clean-ups may have taken records: the smallest retention that one of them can have seen. */
  cleanedTo = Infinity;
  uid;

  constructor(name) { this.name = name; }
}

export class Life {
  #victim;
  #plan;
  #feeds = new Map();
  #deleted = new Set();
  #names = 0;
  #stores = 0;
  points = {};
  counts = { random: 0, unharmed: 0, deletesSeen: 0, damages: 0, records: 0 };

  /** @param {string} directory its own */
  constructor(directory, program, seed) {
    this.directory = directory;
    this.program = program;
    this.seed = seed;
    this.random = randomFrom(seed);
    this.#newStore();
  }

  #newStore() {
    if (this.base !== undefined) fs.rmSync(path.dirname(this.base), { recursive: true });
    this.base = path.join(this.directory, `store-${++this.#stores}`, 'data');
    this.options = { ...OPTIONS, ringDir: path.join(path.dirname(this.base), 'rings') };
    fs.mkdirSync(path.dirname(this.base));
    this.#feeds.clear();
    this.#deleted.clear();
  }

  #pick(of) { return of[Math.floor(this.random() * of.length)]; }

  /** Starts the victim of the next cycle: its modules load while this one's store is looked at. @param at `name:n`; undefined: at a random moment */
  prepare(at) {
    const point = at?.split(':')[0];
    this.#victim = startVictim(this.program, this.directory, at !== undefined
      ? { at, ...(/^rewrite/.test(point) ? { refuse: 1 } : {}) }
      : { afterMs: this.random() < 0.3 ? this.random() * 30 : this.random() * 250 });
    this.#plan = point;
  }

  async discard() { await this.#victim?.discard(); }

  /** One life and death. @param {(string | undefined)} next what the one after it dies of, or undefined to start none */
  async cycle(number, next) {
    const point = this.#plan;
    const victim = this.#victim;
    let what = `store life ${number} of seed ${this.seed}, killed ${point === undefined ? `after ${victim.afterMs.toFixed(1)} ms` : `at ${victim.at}`}`;
    try {
      if (this.random() < 0.03 || this.#stores === 0) this.#newStore();
      // What these come to takes a life before.
      let crashed;
      if (/^leftover|put-aside$|^open\.catalog|^segments\.ended/.test(point)) {
        const first = startVictim(this.program, this.directory, {});
        const feed = crashed = this.#anyFeed();
        await this.#live(first, [...this.#made(feed), { do: 'write', feed, count: 200 + Math.floor(this.random() * 800), then: 'flush' }, { do: 'die' }]);
      }
      const damage = this.#damageFor(point);
      const steps = this.#stepsFor(point, crashed);
      if (damage !== undefined) {
        what += `, with ${damage}`;
        if (this.random() < 0.5 && !/^open/.test(point)) steps.unshift({ do: 'repair' });
      }
      what += `, doing ${steps.map(({ do: name, feed = '' }) => `${name} ${feed}`.trim()).join(', ')}`;
      const { killed, doing } = await this.#live(victim, steps);
      if (killed && point !== undefined) this.points[point] = (this.points[point] ?? 0) + 1;
      else if (killed) this.counts.random += 1;
      else this.counts.unharmed += 1;
      what += `; died in ${doing?.do ?? 'nothing'}`;
      if (next !== undefined) this.prepare(next.at);
      else this.#victim = undefined;
      if (damage !== undefined) await repairStore(this.base);
      if (fs.existsSync(path.join(this.base, 'manifest.json')) && this.random() < 0.5) await this.#lookOnly(doing);
      if (doing?.do === 'delete' || damage !== undefined || this.random() < 0.4) await this.look(doing);
      else this.#lookLater(doing);
    } catch (error) {
      throw new Error(`${what}: ${error.message}`, { cause: error });
    }
  }

  /** Steps that were begun and not acknowledged, of deaths that nobody has looked behind yet. */
  #pending = [];

  #lookLater(doing) { if (doing !== undefined) this.#pending.push(doing); }

  /** Runs a victim; what it acknowledged is known then. @returns the step that it died in */
  async #live(victim, steps) {
    const { killed, notes } = await victim.run({ base: this.base, options: this.options, steps });
    let doing;
    for (const note of notes) {
      const feed = this.#feeds.get(note.feed);
      if (note.begun !== undefined) {
        doing = steps[note.begun];
        if (doing.do === 'create' && !this.#feeds.has(doing.feed)) this.#feeds.set(doing.feed, Object.assign(new KnownFeed(doing.feed), { unsure: true }));
        if (doing.do === 'delete') this.#feeds.get(doing.feed).deleting = true;
        if (doing.do === 'lifecycle') this.#feeds.get(doing.feed).retention.push(doing.change.retentionBytes);
        if (doing.do === 'cleanup') for (const each of this.#feeds.values()) each.cleanedTo = Math.min(each.cleanedTo, ...each.retention.map((bytes) => bytes || Infinity));
      } else if (note.done !== undefined) {
        const step = steps[note.done];
        const made = this.#feeds.get(step.feed);
        if (step.do === 'create') Object.assign(made, { uid: note.uid, unsure: false });
        if (step.do === 'lifecycle') made.retention = [step.change.retentionBytes];
        if (step.do === 'delete') {
          this.#feeds.delete(step.feed);
          this.#deleted.add(step.feed);
        }
        doing = undefined;
      } else if (note.opened !== undefined) {
        this.#opened(feed, note.opened);
      } else if (note.accepted !== undefined) {
        this.counts.records += note.accepted - feed.accepted;
        feed.accepted = note.accepted;
      }
    }
    // A batch may have been under way.
    if (killed) for (const feed of this.#feeds.values()) feed.exact = false;
    return { killed, doing };
  }

  /** A writer goes on where the records end. */
  #opened(feed, position) {
    const mayJump = feed.mayJump || feed.deleting;
    if (mayJump) feed.jumps.push([feed.accepted, feed.accepted + BATCH]);
    const furthest = mayJump ? Infinity : feed.accepted + (feed.exact ? 0 : BATCH);
    if (position < feed.accepted || position > furthest) throw new Error(`${feed.name}: a writer began with record ${position}, and the records end at ${feed.accepted}${feed.exact ? '' : ' or soon behind'}`);
    const landed = mayJump && position > feed.accepted ? { at: position, before: feed.accepted } : undefined;
    Object.assign(feed, { accepted: position, exact: true, mayJump: false, landed });
  }

  #anyFeed() {
    const known = [...this.#feeds.values()].filter(({ unsure, deleting }) => unsure !== true && !deleting).map(({ name }) => name);
    return known.length === 0 || (known.length < FEEDS_MAX && this.random() < 0.25) ? this.#newName() : this.#pick(known);
  }

  /** A name that was never used; sometimes one of a feed that was deleted. */
  #newName() { return this.#deleted.size > 0 && this.random() < 0.4 ? this.#pick([...this.#deleted]) : `f${++this.#names}`; }

  /** Making it again, where it may be there, is fine. */
  #made(feed) { return this.#isSure(feed) ? [] : [{ do: 'create', feed }]; }

  #isSure(feed) { return this.#feeds.has(feed) && this.#feeds.get(feed).unsure !== true; }

  /** What a life does: some things at random, then what comes to the point. */
  #stepsFor(point, crashed) {
    // What one step does to a feed, the next one has to know: they are planned on names only.
    const names = new Set([...this.#feeds.keys()]);
    const gone = new Set();
    const steps = [];
    const feedFor = () => {
      let feed = this.#anyFeed();
      while (gone.has(feed)) feed = `f${++this.#names}`;
      if (!names.has(feed) || (this.#feeds.has(feed) && !this.#isSure(feed))) {
        steps.push({ do: 'create', feed });
        names.add(feed);
      }
      return feed;
    };
    const STEPS = {
      write: (feed = feedFor(), count = Math.floor(this.random() ** 2 * 3000)) => steps.push({ do: 'write', feed, count, mark: this.random() < 0.3, then: this.#pick(['flush', 'sync', undefined, undefined]) }),
      close: () => steps.push({ do: 'close', feed: feedFor() }),
      lifecycle: (feed = feedFor(), bytes = this.#pick([0, SMALL_BYTES, SMALL_BYTES * 2, SMALL_BYTES * 4])) => steps.push({ do: 'lifecycle', feed, change: { retentionBytes: bytes } }),
      cleanup: () => steps.push({ do: 'cleanup' }),
      reopen: () => steps.push({ do: 'reopen' }),
      delete: (feed = feedFor()) => {
        steps.push({ do: 'delete', feed });
        gone.add(feed);
      },
    };
    for (let more = this.random() < 0.5 ? 0 : Math.floor(this.random() * 4); more > 0 && !/^(leftover|rewrite|catalog)|^segments\.ended/.test(point); more--) STEPS[this.#pick(['write', 'write', 'write', 'close', 'lifecycle', 'cleanup', 'reopen'])]();
    if (/^(retention|leftover)/.test(point)) {
      if (point.startsWith('retention')) {
        const feed = feedFor();
        STEPS.lifecycle(feed, SMALL_BYTES);
        steps.push({ do: 'write', feed, count: 3000, then: 'sync' });
      }
      STEPS.cleanup();
    } else if (/^registry\.(feed-renamed|catalog-retired)/.test(point)) {
      const feed = feedFor();
      steps.push({ do: 'write', feed, count: 10 });
      STEPS.delete(feed);
    } else if (/^(registry|replace)/.test(point)) {
      STEPS[this.#pick(['lifecycle', 'lifecycle', 'cleanup'])]();
      STEPS.lifecycle();
    } else if (point === 'segments.ended') {
      steps.push({ do: 'write', feed: crashed, count: 10 });
    } else if (point === 'catalog.sized') {
      const feed = `f${++this.#names}`;
      steps.push({ do: 'create', feed }, { do: 'write', feed, count: GROWING_RECORDS }, { do: 'close', feed }, { do: 'write', feed, count: 10 });
    } else if (/^rewrite/.test(point)) {
      const feed = `f${++this.#names}`;
      steps.push({ do: 'create', feed }, { do: 'write', feed, count: 100, then: 'sync' }, { do: 'write', feed, count: 100, then: 'sync' });
    } else if (point !== undefined || this.random() < 0.5) {
      const feed = /^open/.test(point) && this.random() < 0.5 ? `f${++this.#names}` : feedFor();
      if (!names.has(feed)) steps.push({ do: 'create', feed });
      steps.push({ do: 'write', feed, count: 300 + Math.floor(this.random() * 1500), mark: true, then: 'sync' }, { do: 'close', feed });
    } else {
      STEPS[this.#pick(['delete', 'cleanup', 'write'])]();
    }
    return steps;
  }

  /** Damages that cost no record: what is lost can be made again. @returns which */
  #damageFor(point) {
    const wanted = point === 'registry.put-aside' ? 'a damaged registry' : /^open\.(catalog|leftover)/.test(point) ? 'catalogs gone' : undefined;
    if (wanted === undefined && (point !== undefined || this.random() > 0.15 || !fs.existsSync(path.join(this.base, 'manifest.json')))) return undefined;
    const kind = wanted ?? this.#pick(['catalogs gone', 'damaged catalogs', 'a damaged registry', 'no registry', 'damaged feed files', 'damaged segments']);
    const change = (file, at) => {
      if (!fs.existsSync(file)) return;
      const bytes = fs.readFileSync(file);
      bytes.fill(0x23, at, at + 5);
      fs.writeFileSync(file, bytes);
    };
    const feeds = [...this.#feeds.keys()].map((name) => feedPaths(this.base, name));
    if (kind === 'a damaged registry') change(path.join(this.base, 'registry', 'data.mdb'), 100);
    else if (kind === 'no registry') fs.rmSync(path.join(this.base, 'registry'), { recursive: true, force: true });
    // Of a feed that is not acknowledged the registry need not know.
    else if (kind === 'damaged feed files') [...this.#feeds.values()].filter(({ unsure }) => unsure !== true).forEach(({ name }) => { change(feedPaths(this.base, name).spec, 40); });
    else if (kind === 'catalogs gone') feeds.forEach(({ catalog }) => { fs.rmSync(catalog, { force: true }); });
    else if (kind === 'damaged catalogs') feeds.forEach(({ catalog }) => { change(catalog, 20); });
    else feeds.forEach(({ segments }) => { change(segments, 8); });
    if (kind.includes('catalogs')) for (const feed of this.#feeds.values()) feed.mayJump = true;
    this.counts.damages += 1;
    return kind;
  }

  /** Names and lifecycles, as a platform says. @returns the feeds that are there */
  #checkFeeds(platform, doing, settle) {
    const begun = [...this.#pending, doing];
    const found = new Map(platform.listFeeds().map((feed) => [feed.name, feed]));
    for (const feed of [...this.#feeds.values()]) {
      const there = found.get(feed.name);
      const deleting = begun.some((step) => step?.do === 'delete' && step.feed === feed.name);
      if (there === undefined) {
        if (feed.unsure !== true && !deleting) throw new Error(`the feed ${feed.name} was made, and is not there`);
        if (settle) this.#feeds.delete(feed.name);
        continue;
      }
      if (feed.uid !== undefined && there.uid !== feed.uid) throw new Error(`the feed ${feed.name} was ${feed.uid}, and is ${there.uid}`);
      const { retentionBytes } = platform.lifecycle(feed.name);
      if (!feed.retention.includes(retentionBytes)) throw new Error(`the retention of ${feed.name} is ${retentionBytes}, and was set to ${feed.retention.join(' or ')}`);
      if (settle) Object.assign(feed, { uid: there.uid, unsure: false, retention: [retentionBytes] });
    }
    for (const name of found.keys()) if (!this.#feeds.has(name)) throw new Error(`the feed ${name} is there, and ${this.#deleted.has(name) ? 'was deleted' : 'nobody made it'}`);
    return found;
  }

  /** Every record that was accepted, but for what retention took: the oldest, told as lost. */
  async #checkRecords(platform, feed) {
    const reader = await platform.createReader(feed.name);
    const records = reader.rangeSync(0, 2 ** 52);
    const { first } = reader.bounds();
    let expected = first;
    if (first < feed.first) throw new Error(`${feed.name}: record ${first} is there again, and those before ${feed.first} were removed`);
    // A feed without records may begin behind a jump.
    const jumped = feed.jumps.some(([from, to]) => feed.first >= from && feed.first <= to) || (feed.mayJump && feed.accepted === feed.first);
    if (first > feed.first && feed.cleanedTo === Infinity && !jumped) throw new Error(`${feed.name}: records ${feed.first} to ${first - 1} are gone, and nothing was to remove them`);
    for (const record of records) {
      const n = record[0];
      if (n !== expected && !(n > expected && feed.jumps.some(([from, to]) => expected >= from && expected <= to))) throw new Error(`${feed.name}: record ${n} comes where ${expected} should`);
      const wanted = recordOf(n);
      if (record.some((value, i) => value !== wanted[i])) throw new Error(`${feed.name}: record ${n} is ${JSON.stringify(record)}`);
      expected = n + 1;
    }
    // A deletion that is broken off may have removed the ring of a writer that was killed, and what was in it alone.
    const { at, before } = feed.landed ?? {};
    const there = feed.accepted === at ? before : feed.accepted;
    if (expected < there && !feed.deleting) throw new Error(`${feed.name}: ${feed.accepted} records were accepted, ${expected} are there`);
    return { first, end: expected };
  }

  /** As a user who may only read. */
  async #lookOnly(doing) {
    const platform = await Platform.open(this.base, { ...this.options, readOnly: true, ringDir: undefined });
    try {
      const found = this.#checkFeeds(platform, doing, false);
      for (const feed of this.#feeds.values()) if (found.has(feed.name)) await this.#checkRecords(platform, feed);
    } finally {
      await platform.close();
    }
  }

  /** As a user who works with it. What was in doubt is known afterwards. */
  async look(doing) {
    if (this.random() < 0.3) this.#age();
    const platform = await Platform.open(this.base, this.options);
    try {
      const asked = new Set([...this.#pending, doing].flatMap((step) => (step?.do === 'delete' ? [step.feed] : [])));
      const found = this.#checkFeeds(platform, doing, true);
      this.#pending = [];
      for (const name of asked) {
        if (found.has(name)) this.counts.deletesSeen += 1;
        else this.#deleted.add(name);
      }
      const written = this.#pick([...this.#feeds.keys()]);
      for (const feed of [...this.#feeds.values()]) {
        const { first, end } = await this.#checkRecords(platform, feed);
        this.#checkRemoved(feed, first);
        if (asked.has(feed.name) || feed.name === written) await this.#use(platform, feed, end);
        else Object.assign(feed, { first, accepted: end, exact: true });
        if (asked.has(feed.name)) await this.#delete(platform, feed);
      }
      for (const feed of this.#feeds.values()) feed.cleanedTo = Math.min(feed.cleanedTo, ...feed.retention.map((bytes) => bytes || Infinity));
      this.#age();
      await platform.cleanup();
      for (const feed of this.#feeds.values()) {
        const { first, end } = await this.#checkRecords(platform, feed);
        const removed = readRemoved(feedPaths(this.base, feed.name), feed.uid, 1);
        const jumped = feed.jumps.some(([from, to]) => removedEnd(removed) >= from && removedEnd(removed) <= to);
        if (first > 0 && removedEnd(removed) !== first && !jumped) throw new Error(`${feed.name} begins with record ${first}, and removed.json says that ${removedEnd(removed)} were removed`);
        Object.assign(feed, { first, accepted: end, exact: true, cleanedTo: Infinity });
      }
      try {
        this.#checkNames();
      } catch {
        // A directory that an unfinished file has just gone from counts as left behind an hour later.
        this.#age();
        await platform.cleanup();
        this.#checkNames();
      }
      if (this.random() < 0.2) await this.#checkHealth();
    } finally {
      await platform.close();
    }
    const { damaged, store, feeds } = await repairStore(this.base, { dryRun: true });
    if (damaged) throw new Error(`a repair says: ${[...store, ...feeds.flatMap(({ damages }) => damages)].map(({ file, what }) => `${file}: ${what}`).join('; ')}`);
  }

  /** No more than was to go: with the newest of what is gone the chunks were too many. */
  #checkRemoved(feed, first) {
    if (first === feed.first) return;
    const { chunks } = feedPaths(this.base, feed.name);
    const sizes = fs.readdirSync(chunks).map((name) => fs.statSync(path.join(chunks, name)).blocks * 512);
    const kept = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (kept + Math.max(0, ...sizes) <= feed.cleanedTo) throw new Error(`${feed.name}: ${kept} bytes of chunks are kept, and ${feed.cleanedTo} were to be; records ${feed.first} to ${first - 1} are gone`);
  }

  /** A follower that waits, a subscription and a writer. */
  async #use(platform, feed, end) {
    const reader = await platform.createReader(feed.name);
    const stop = globalThis.AbortSignal.timeout(WAIT_MS);
    const stream = reader.stream({ signal: stop })[Symbol.asyncIterator]();
    const waiting = stream.next();
    waiting.catch(() => {}); // what goes wrong before it is awaited is told first
    const subscription = subscribe(platform.subscription(feed.name), { allowMainThread: true });
    const writer = await platform.createWriter(feed.name);
    const from = writer.position;
    Object.assign(feed, { accepted: end, exact: true });
    this.#opened(feed, from); // the numbers of records that are there are not given out again
    for (let n = 0; n < 10; n++) writer.writeValues(...recordOf(from + n));
    const { value, done } = await waiting;
    if (done === true || value[0] !== from) throw new Error(`${feed.name}: a stream ${done === true ? 'ended, or nothing came in time' : `gave ${JSON.stringify(value)}`}; record ${from} was written`);
    for (let got = 0; got < 10;) {
      const run = subscription.next(WAIT_MS);
      if (run === undefined) throw new Error(`${feed.name}: a subscription got ${got} of 10 records`);
      if (run.tuple(0)[0] !== from + got) throw new Error(`${feed.name}: a subscription got record ${run.tuple(0)[0]}, and ${from + got} was next`);
      got += run.length;
    }
    subscription.close();
    await stream.return();
    await writer.close();
    feed.accepted = from + 10;
    Object.assign(feed, { first: (await this.#checkRecords(platform, feed)).first });
  }

  /** Deletes a feed whose deletion was broken off; whoever waits for its records is told. */
  async #delete(platform, feed) {
    const reader = await platform.createReader(feed.name);
    const waiting = reader.stream({ signal: globalThis.AbortSignal.timeout(WAIT_MS) })[Symbol.asyncIterator]().next().then(() => 'nothing', (error) => error.code);
    await platform.deleteFeed(feed.name);
    const told = await Promise.race([waiting, delay(WAIT_MS, 'nothing')]);
    if (!['DW_FEED_UNKNOWN', 'DW_READER_CLOSED', 'nothing'].includes(told)) throw new Error(`${feed.name} was deleted, and a stream says ${told}`);
    if (platform.listFeeds().some(({ name }) => name === feed.name)) throw new Error(`${feed.name} was deleted, and is there`);
    this.#feeds.delete(feed.name);
    this.#deleted.add(feed.name);
  }

  /** Files that were to replace others count as left behind after an hour. */
  #age() {
    const old = Date.now() / 1000 - 7200;
    for (const entry of fs.readdirSync(this.base, { recursive: true, withFileTypes: true })) {
      if ((entry.isFile() && entry.name.endsWith('.new')) || (entry.isDirectory() && path.basename(entry.parentPath) === 'feeds')) fs.utimesSync(path.join(entry.parentPath, entry.name), old, old);
    }
  }

  /** No name that nobody removes, in the store and among the rings. */
  #checkNames() {
    const feeds = [...this.#feeds.keys()].join('|') || 'none';
    const allowed = new RegExp(`^(manifest\\.json|cleanup\\.json|[a-z]+\\.lock|registry(/(data|lock)\\.mdb|/checksum\\.json)?|registry\\.damaged-[^/]+(/.*)?|quarantine(/[^/]+(/[^/]+(/(?!.*\\.new$).*)?)?)?|feeds|feeds/(${feeds})(/feed\\.json(\\.damaged)?|/writer\\.lock|/chunks\\.lock|/catalog\\.dwc|/symbols\\.dws|/segments\\.dwg|/removed\\.json|/chunks(/\\d{12}\\.dwk)?)?)$`);
    const names = fs.readdirSync(this.base, { recursive: true }).map(String);
    const strangers = names.filter((name) => !allowed.test(name));
    if (strangers.length > 0) throw new Error(`left behind: ${strangers.join(', ')}`);
    const asides = names.filter((name) => /^registry\.damaged-[^/]+$/.test(name));
    // One more where whoever put the last one aside was killed before he removed the oldest: the next one does.
    if (asides.length > ASIDES_MAX + 1) throw new Error(`${asides.length} registries were put aside and are kept`);
    const rings = fs.existsSync(this.options.ringDir) ? fs.readdirSync(this.options.ringDir, { recursive: true }).map(String) : [];
    const ofNobody = rings.filter((name) => name.includes('/') && !new RegExp(`/(${feeds})\\.(ring|bell)$`).test(name));
    if (ofNobody.length > 0) throw new Error(`rings of no feed: ${ofNobody.join(', ')}`);
    // Nobody writes now: a ring is kept for the records that no chunk has, or to make a jump in the numbers known.
    for (const name of rings.filter((each) => each.endsWith('.ring'))) {
      const feed = this.#feeds.get(path.basename(name, '.ring'));
      const { spec } = readFeedFile(this.base, feed.name);
      const { head, tail } = openRing(path.join(this.options.ringDir, name), compileSchema(spec), feed.uid, 'read-only');
      if (head === tail && feed.jumps.length === 0 && !feed.mayJump) throw new Error(`${name} is left, and holds nothing`);
    }
    for (const name of rings.filter((each) => each.endsWith('.bell'))) if (!rings.includes(name.replace(/bell$/, 'ring'))) throw new Error(`${name} is left without its ring`);
  }

  async #checkHealth() {
    const { checks } = await checkHealth(this.base, { minFreeGb: 0, observeMs: 1 });
    const failed = checks.filter(({ state }) => state === 'fail');
    if (failed.length > 0) throw new Error(`health says: ${failed.map(({ check, feed = '', message }) => `${check} ${feed}: ${message}`).join('; ')}`);
  }
}
