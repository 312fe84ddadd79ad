/**
 * Repairs that are killed: a store is damaged, a victim repairs it and dies; the repair is run again. Whichever step it died at, every
 * block that was intact is kept, what cannot be used is in quarantine, and nothing is wrong afterwards.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Platform, repairStore } from '../../dist/index.js';
import { CHUNK, FAILPOINTS, chunkPath, feedPaths, sharedRingDirectory } from '../../../core/dist/index.js';
import { FEED, SYNCED_ROWS, makeStore, recordOf, settleAt } from '../mutations/store.mjs';
import { OPTIONS, randomFrom } from './record.mjs';
import { startVictim } from './victims.mjs';

export const REPAIR_POINTS = FAILPOINTS.filter((name) => /^repair\.|^open\.(leftover-(counted|adopted)|stale-retired)$/.test(name));
/** After a power loss a writer opens the feed. */
const ofWriter = (point) => point?.startsWith('open.') === true;

const change = (file, at, bytes) => {
  const content = fs.readFileSync(file);
  Buffer.from(bytes).copy(content, at);
  fs.writeFileSync(file, content);
};
const chunk = ({ paths }, id) => chunkPath(paths, id);
const block = ({ geometry }, index) => geometry.blockTableOffset + index * geometry.blockBytes;
const cell = ({ geometry }, column, row) => geometry.columnOffsets[column] + row * geometry.columnWidths[column];

/** Each with the records it costs, [first, next); and the steps of a repair that it has. Of those with the same `part` one at a time. */
const DAMAGES = [
  { part: 'chunk 1', lost: [16, 32], points: ['stretch-written', 'stretch-named', 'quarantined', 'noted', 'catalog-written', 'catalog-renamed'], make: (s) => { change(chunk(s, 1), cell(s, 0, 20), [1, 2, 3]); } },
  { part: 'chunk 1', points: ['front-saved', 'front-written', 'noted'], make: (s) => { change(chunk(s, 1), block(s, 2) + 8, [1, 2, 3, 4, 5]); } },
  { part: 'chunk 1', lost: [0, 64], make: (s) => { fs.truncateSync(chunk(s, 1), s.geometry.columnOffsets[4]); } },
  { part: 'chunk 2', lost: [112, 128], points: ['stretch-written', 'stretch-named', 'quarantined'], make: (s) => { change(chunk(s, 2), cell(s, 4, 63), [7]); } },
  { part: 'chunk 2', points: ['front-saved', 'front-written'], make: (s) => { change(chunk(s, 2), CHUNK.FIRST_SEQUENCE, [9, 9]); } },
  { part: 'chunk 2', lost: [64, 128], make: (s) => { change(chunk(s, 2), 0, Buffer.alloc(2048)); } },
  { part: 'chunk 2', lost: [64, 128], make: (s) => { fs.rmSync(chunk(s, 2)); } },
  { part: 'chunk 3', points: ['front-saved', 'front-written'], make: (s) => { change(chunk(s, 3), CHUNK.SEALED_ROWS, [3]); } },
  { part: 'catalog', points: ['catalog-written', 'catalog-renamed'], make: (s) => { change(s.paths.catalog, 4096 + 256 + 16, [1]); } },
  { part: 'catalog', points: ['catalog-written', 'catalog-renamed'], make: (s) => { change(s.paths.catalog, 20, [1, 2, 3]); } },
  { part: 'segments', points: ['segments-written'], make: (s) => { change(s.paths.segments, 8, [9]); } },
  { part: 'symbols', points: ['symbols-written'], make: (s) => { change(s.paths.symbols, 4096 + 2, [77]); } },
  { part: 'spec', points: ['feed-file', 'quarantined'], make: (s) => { change(s.paths.spec, 40, Buffer.from('###')); } },
  { part: 'spec', points: ['registry'], make: (s) => { change(path.join(s.base, 'registry', 'data.mdb'), 100, [1, 2, 3]); } },
  { part: 'spec', points: ['registry'], make: (s) => { fs.rmSync(path.join(s.base, 'registry'), { recursive: true }); } },
  { part: 'manifest', points: ['manifest', 'quarantined'], make: (s) => { fs.writeFileSync(path.join(s.base, 'manifest.json'), '{'); } },
  { part: 'removed', points: ['removed-written'], make: (s) => { fs.writeFileSync(s.paths.removed, '{'); } },
  // Of a writer that was killed. Its ten records are in that ring alone.
  { part: 'ring', variant: 'killed', lost: [173, 183], points: ['ring-moved', 'quarantined'], make: (s) => { change(path.join(s.paths.directory, `${FEED}.ring`), 8, Buffer.alloc(200, 0xee)); } },
];
/** Things at a store's path that are put aside as they are: what is in quarantine is held against them. */
const TAKEN = /\.dwk$|\.ring$|manifest\.json$|feed\.json$|removed\.json$|symbols\.dws$|segments\.dwg$/;

export class Repairs {
  #victim;
  #templates = new Map();
  points = {};
  counts = { random: 0, unharmed: 0, damages: 0 };

  constructor(directory, program, seed) {
    this.directory = directory;
    this.program = program;
    this.seed = seed;
    this.random = randomFrom(seed);
  }

  prepare(at) {
    this.#victim = startVictim(this.program, this.directory, at === undefined ? { afterMs: this.random() * 60 } : { at });
  }

  async discard() {
    await this.#victim?.discard();
    for (const { storeId } of this.#templates.values()) fs.rmSync(sharedRingDirectory(storeId), { recursive: true, force: true });
  }

  async repairAgain() { await repairStore((await this.#storeOf('closed')).base); }

  async #storeOf(variant) {
    const template = path.join(this.directory, `template-${variant}`, 'data');
    if (!this.#templates.has(variant)) {
      fs.mkdirSync(path.dirname(template));
      this.#templates.set(variant, await makeStore(template, variant));
    }
    const base = path.join(this.directory, 'store', 'data');
    fs.rmSync(path.dirname(base), { recursive: true, force: true });
    fs.cpSync(template, base, { recursive: true });
    settleAt(base);
    return { ...this.#templates.get(variant), base, paths: feedPaths(base, FEED) };
  }

  /** Damages of several parts, one that comes to the point among them. */
  #choose(point) {
    const first = DAMAGES.filter(({ points = [] }) => point === undefined || points.includes(point.slice('repair.'.length)));
    const chosen = [first[Math.floor(this.random() * first.length)]];
    // What a chunk's header does not tell any more, the catalog does: not both at once.
    const apart = (a, b) => a.part === b.part || (a.part === 'catalog' && b.part.startsWith('chunk')) || (b.part === 'catalog' && a.part.startsWith('chunk'));
    for (const damage of DAMAGES) {
      if (this.random() < 0.25 && !chosen.some((other) => apart(other, damage)) && (damage.variant === undefined || chosen[0].variant === damage.variant)) chosen.push(damage);
    }
    return chosen;
  }

  async cycle(number, next) {
    const { at, afterMs } = this.#victim;
    const victim = this.#victim;
    const point = at === '' ? undefined : at.split(':')[0];
    let what = `repair ${number} of seed ${this.seed}, killed ${point === undefined ? `after ${afterMs.toFixed(1)} ms` : `at ${at}`}`;
    try {
      if (ofWriter(point)) await this.#afterPowerLoss(victim, point);
      else {
        const chosen = this.#choose(point);
        what += `, of ${chosen.map(({ part, lost }) => `${part}${lost === undefined ? '' : ` (lost ${lost.join('..')})`}`).join(', ')}`;
        const store = await this.#storeOf(chosen.some(({ variant }) => variant !== undefined) ? 'killed' : 'closed');
        const sizes = store.variant === 'killed' ? chosen.filter(({ part }) => part === 'ring' || part === 'catalog' || part === 'segments' || part === 'manifest') : chosen;
        for (const { make } of sizes) make(store);
        this.counts.damages += sizes.length;
        const before = this.#filesOf(store.base);
        const { killed } = await victim.run({ base: store.base, options: OPTIONS, steps: [{ do: 'repair' }] });
        this.#count(killed, point);
        await this.#check(store, before, sizes);
      }
      this.#victim = undefined;
      if (next !== undefined) this.prepare(next.at);
    } catch (error) {
      throw new Error(`${what}: ${error.message}`, { cause: error });
    }
  }

  #count(killed, point) {
    if (!killed) this.counts.unharmed += 1;
    else if (point === undefined) this.counts.random += 1;
    else this.points[point] = (this.points[point] ?? 0) + 1;
  }

  #filesOf(base) {
    const files = new Map();
    for (const entry of fs.readdirSync(base, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isFile() && TAKEN.test(file) && !file.includes('/quarantine/')) files.set(file, fs.readFileSync(file));
    }
    return files;
  }

  async #check(store, before, chosen) {
    const damagesOf = ({ store: ofStore, feeds }) => [...ofStore, ...feeds.flatMap(({ damages }) => damages)].map(({ file, what }) => `${file}: ${what}`);
    await repairStore(store.base);
    const wrong = damagesOf(await repairStore(store.base, { dryRun: true }));
    if (wrong.length > 0) throw new Error(`a repair after the repair says: ${wrong.join('; ')}`);
    const lost = chosen.flatMap((damage) => (damage.lost === undefined ? [] : [damage.lost]));
    const kept = store.sequences.filter((n) => !lost.some(([from, to]) => n >= from && n < to));
    this.#checkQuarantine(store, before);
    await this.#checkRecords(store, kept);
    const left = fs.readdirSync(store.base, { recursive: true }).map(String).filter((name) => /\.(repaired|migrated|tmp)$/.test(name));
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  }

  /** What was there and is not, or is another, lies in quarantine as it was; of a chunk whose front was mended, the front. */
  #checkQuarantine({ base }, before) {
    const aside = path.join(base, 'quarantine');
    const kept = fs.existsSync(aside) ? fs.readdirSync(aside, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => ({ name, parentPath, bytes: fs.readFileSync(path.join(parentPath, name)) })) : [];
    for (const [file, bytes] of before) {
      if (fs.existsSync(file) && fs.readFileSync(file).equals(bytes)) continue;
      const name = path.basename(file);
      const found = kept.filter((each) => each.name.startsWith(name));
      if (!found.some((each) => each.bytes.length > 0 && each.bytes.equals(bytes.subarray(0, each.bytes.length)) && (each.bytes.length === bytes.length || each.name.includes('.front')))) {
        throw new Error(`${file} was changed or taken away, and quarantine does not have it as it was (it has ${found.map((each) => `${each.name}, ${each.bytes.length} bytes`).join('; ') || 'nothing of that name'})`);
      }
    }
    for (const { parentPath } of kept) {
      const { files } = JSON.parse(fs.readFileSync(path.join(parentPath, 'report.json'), 'utf8'));
      const named = new Set(files.map((note) => note.name));
      for (const name of fs.readdirSync(parentPath)) if (name !== 'report.json' && !/\.new$/.test(name) && !named.has(name)) throw new Error(`nothing says why ${name} is in ${parentPath}`);
    }
  }

  /** These records and no others; a writer goes on behind all numbers that were given out. */
  async #checkRecords(store, kept) {
    const platform = await Platform.open(store.base, OPTIONS);
    try {
      const reader = await platform.createReader(FEED);
      const same = (wanted) => {
        const records = reader.rangeSync(0, 2 ** 52);
        const at = wanted.findIndex((n, i) => JSON.stringify(records[i]) !== JSON.stringify(recordOf(n)));
        if (at >= 0 || records.length !== wanted.length) throw new Error(`${wanted.length} records were intact, ${records.length} are there${at < 0 ? '' : `; instead of record ${wanted[at]} there is ${JSON.stringify(records[at])}`}`);
      };
      same(kept);
      const writer = await platform.createWriter(FEED);
      const from = writer.position;
      if (from < store.next) throw new Error(`a writer goes on with ${from}, and the numbers below ${store.next} were given out`);
      for (let n = from; n < from + 20; n++) writer.writeValues(...recordOf(n));
      await writer.close();
      same([...kept, ...Array.from({ length: 20 }, (_, i) => from + i)]);
      await platform.cleanup();
    } finally {
      await platform.close();
    }
  }

  /** The machine went down; a writer opens the feed and is killed. What survived is there, once. */
  async #afterPowerLoss(victim, point) {
    const store = await this.#storeOf('outage');
    const { killed } = await victim.run({ base: store.base, options: OPTIONS, steps: [{ do: 'open-writer', feed: FEED }] });
    this.#count(killed, point);
    const open = 128 + 5; // the third chunk begins behind a hole
    await this.#checkRecords(store, store.sequences.filter((n) => n < open + SYNCED_ROWS));
    const { damaged } = await repairStore(store.base, { dryRun: true });
    if (damaged) throw new Error('a repair finds something wrong');
  }
}
