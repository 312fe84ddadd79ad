/** Migrations that are killed: a store of format 1 is brought up to date by a victim that dies, and then by a run that goes on. */
import fs from 'node:fs';
import path from 'node:path';
import { Platform, migrateStore, repairStore } from '../../dist/index.js';
import { FAILPOINTS } from '../../../core/dist/index.js';
import { VERSIONS, filesBelow, recordsIn, unpackStore, writtenBy } from './old-store.mjs';
import { OPTIONS, randomFrom } from './record.mjs';
import { startVictim } from './victims.mjs';

export const MIGRATION_POINTS = FAILPOINTS.filter((name) => name.startsWith('migrate.'));

export class Migrations {
  #victim;
  #written = new Map();
  points = {};
  counts = { random: 0, unharmed: 0 };

  constructor(directory, program, seed) {
    this.directory = directory;
    this.program = program;
    this.seed = seed;
    this.random = randomFrom(seed);
  }

  prepare(at) {
    this.#victim = startVictim(this.program, this.directory, at === undefined ? { afterMs: this.random() * 200 } : { at });
  }

  async discard() { await this.#victim?.discard(); }

  async cycle(number, next) {
    const victim = this.#victim;
    const point = victim.at === '' ? undefined : victim.at.split(':')[0];
    // Only the oldest has chunks, catalogs and rings to be written anew.
    const version = /rewritten/.test(point) || this.random() < 0.4 ? 'files' : VERSIONS[Math.floor(this.random() * VERSIONS.length)];
    const what = `migration ${number} of seed ${this.seed}, of ${version}, killed ${point === undefined ? `after ${victim.afterMs.toFixed(1)} ms` : `at ${victim.at}`}`;
    const directory = path.join(this.directory, 'old');
    fs.rmSync(directory, { recursive: true, force: true });
    fs.mkdirSync(directory);
    try {
      const store = unpackStore(version, directory, true);
      const untouched = filesBelow(store).filter((file) => !file.endsWith('.lock')).map((file) => [path.relative(store, file), fs.readFileSync(file)]);
      const { killed } = await victim.run({ base: store, options: OPTIONS, steps: [{ do: 'migrate' }] });
      if (!killed) this.counts.unharmed += 1;
      else if (point === undefined) this.counts.random += 1;
      else this.points[point] = (this.points[point] ?? 0) + 1;
      this.#victim = undefined;
      if (next !== undefined) this.prepare(next.at);
      await this.#check(store, version, untouched);
    } catch (error) {
      throw new Error(`${what}: ${error.message}`, { cause: error });
    }
  }

  async #check(store, version, untouched) {
    // Until the last step it is what it was for who opens it: a store of an older format.
    const { format } = JSON.parse(fs.readFileSync(path.join(store, 'manifest.json'), 'utf8'));
    if (format === 1) {
      const code = await Platform.open(store, OPTIONS).then((platform) => platform.close(), (error) => error.code);
      if (code !== 'DW_FORMAT_VERSION') throw new Error(`half migrated it opens, or says ${code}`);
    }
    await migrateStore(store);
    const again = await migrateStore(store);
    if (again.from !== 2 || again.feeds.length > 0) throw new Error('a migration after the migration has something to do');
    const backup = path.join(`${store}.format-1`, 'store');
    for (const [name, bytes] of untouched) if (!fs.readFileSync(path.join(backup, name)).equals(bytes)) throw new Error(`the backup of ${name} is not what it was`);
    const names = filesBelow(path.dirname(store)).map((file) => path.relative(path.dirname(store), file));
    const left = names.filter((name) => /\.(migrated|repaired|tmp|new)$/.test(name) && !/\.json\.\d+\.new$/.test(name));
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    if (!this.#written.has(version)) {
      const { live: _, ...written } = writtenBy(version);
      this.#written.set(version, JSON.stringify(written));
    }
    const platform = await Platform.open(store, OPTIONS);
    try {
      const found = await recordsIn(platform);
      const wanted = JSON.parse(this.#written.get(version));
      for (const [feed, records] of Object.entries(wanted)) if (JSON.stringify(found[feed]) !== JSON.stringify(records)) throw new Error(`${feed} does not have the records that were written`);
    } finally {
      await platform.close();
    }
    const { store: ofStore, feeds } = await repairStore(store, { dryRun: true });
    const wrong = [...ofStore, ...feeds.flatMap(({ damages }) => damages)];
    if (wrong.length > 0) throw new Error(`a repair says: ${wrong.map(({ file, what }) => `${file}: ${what}`).join('; ')}`);
  }
}
