/** Victims start by the thousand, so their modules are put into a few files: the same code, loaded in half the time. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * @param {Record<string, string>} entries files by the names they are looked for under, beside the victim
 * @param {string} home a directory whose node_modules has the packages that stay outside
 * @returns {Promise<{ directory: string, remove: () => void }>}
 */
export async function buildVictim(entries, home = path.join(here, '..', '..', '..', 'core')) {
  const parent = path.join(home, 'node_modules', '.victims');
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(path.join(parent, 'v-'));
  await build({
    input: entries, platform: 'node', logLevel: 'warn', external: [/^(koffi|lmdb|pino|piscina|apache-arrow|rotating-file-stream|comlink|zod)(\/|$)/],
    output: { dir: directory, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  });
  writeFileSync(path.join(directory, 'package.json'), '{"type":"module","version":"0.0.0"}');
  return { directory, remove: () => { rmSync(directory, { recursive: true, force: true }); } };
}
