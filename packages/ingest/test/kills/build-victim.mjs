/** Victims start by the thousand, so their modules are put into a few files: the same code, loaded in half the time. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..', '..', '..');
/** Of the engine without queries: what has files of its own, native or not, and what a victim does not need. */
const OUTSIDE = /^(koffi|lmdb|pino|piscina|apache-arrow|rotating-file-stream|comlink|zod)(\/|$)/;

/**
 * @param {Record<string, string>} entries files by the names they are looked for under, beside the victim
 * @param {string} home a directory whose node_modules has the packages that stay outside
 * @param {RegExp} outside these
 * @returns {Promise<{ directory: string, remove: () => void }>}
 */
export async function buildVictim(entries, home = path.join(here, '..', '..', '..', 'core'), outside = OUTSIDE) {
  const parent = path.join(home, 'node_modules', '.victims');
  mkdirSync(parent, { recursive: true });
  const made = mkdtempSync(path.join(parent, 'v-'));
  // As deep in its package as the modules it is made of: they look for package.json.
  const directory = path.join(made, 'dist', 'victim');
  await build({
    input: entries, platform: 'node', logLevel: 'warn', external: [outside], plugins: [plantedBug],
    output: { dir: directory, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  });
  writeFileSync(path.join(made, 'package.json'), '{"type":"module","version":"0.0.0"}');
  return { directory, remove: () => { rmSync(made, { recursive: true, force: true }); } };
}

/** The bug that test/mutants plants in the modules of a test run is to be in its victims, too. */
const plantedBug = {
  name: 'planted-bug',
  transform(code, id) {
    const { file, find, replace } = JSON.parse(process.env['DEEPWATER_MUTANT'] ?? '{}');
    return file !== undefined && id === path.join(root, file) ? code.replace(find, () => replace) : null;
  },
};
