import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { declaredExports, importsOf, packageOf, root, textFiles, workspacePackages } from './support/source-files.js';

/** Which of our packages each package may use: the arrows of ARCHITECTURE.md. */
const ARROWS: Record<string, readonly string[]> = {
  '@deepwater/core': [],
  '@deepwater/ring': ['@deepwater/core'],
  '@deepwater/ingest': ['@deepwater/core', '@deepwater/ring'],
  '@deepwater/query': ['@deepwater/core', '@deepwater/ring'],
  '@deepwater/strategy': ['@deepwater/core', '@deepwater/ring', '@deepwater/ingest', '@deepwater/query'],
  '@deepwater/backtest': ['@deepwater/core', '@deepwater/ring', '@deepwater/query', '@deepwater/strategy'],
  '@deepwater/operations': ['@deepwater/core', '@deepwater/ring', '@deepwater/ingest', '@deepwater/query'],
  '@deepwater/books': ['@deepwater/core', '@deepwater/query'],
  'deepwater': ['@deepwater/core', '@deepwater/ring', '@deepwater/ingest', '@deepwater/query', '@deepwater/strategy', '@deepwater/backtest', '@deepwater/operations', '@deepwater/books'],
  '@deepwater/captures': ['@deepwater/core'],
  '@deepwater/exchanges': ['@deepwater/core', '@deepwater/captures', 'deepwater'],
  '@deepwater/replay-server': ['@deepwater/core', '@deepwater/captures'],
  '@deepwater/import-export': ['@deepwater/core', '@deepwater/captures', 'deepwater', '@deepwater/exchanges'],
  '@deepwater/cli': ['deepwater', '@deepwater/captures', '@deepwater/exchanges', '@deepwater/import-export', '@deepwater/replay-server'],
  '@deepwater/examples': ['deepwater', '@deepwater/exchanges'],
  '@deepwater/bench': ['@deepwater/core', '@deepwater/ring', '@deepwater/ingest', '@deepwater/query', 'deepwater', '@deepwater/captures', '@deepwater/exchanges', '@deepwater/import-export'],
};

/** Native packages, and the one folder that may import each. */
const OWNED_BY: Record<string, string> = {
  koffi: 'packages/core/src/mapping/',
  lmdb: 'packages/core/src/registry/',
};

/** Longest file, in lines, that needs no reason. */
const LINES_MAX = 300;

/** Files over LINES_MAX, each with the reason why it is one concept all the same. */
const LONG_FILES: Record<string, string> = {
  'packages/core/src/errors/codes.ts': 'one table of all error codes',
};

/** Written in pieces, so that this file does not contain what it forbids. */
const FORBIDDEN = ['TO' + 'DO', 'FIX' + 'ME', '/wo' + 'rk/', '/tmp/' + 'probe'];

const files = textFiles();
const packages = workspacePackages();
const isCode = (path: string): boolean => /\.(ts|tsx|mts|js|mjs)$/.test(path);
const sourcesOf = (folder: string) => files.filter((file) => file.path.startsWith(`${folder}/src/`) && isCode(file.path));

describe('package boundaries', () => {
  test('every package has its arrows, and every arrow its package', () => {
    expect(packages.map(({ name }) => name).sort()).toEqual(Object.keys(ARROWS).sort());
  });

  for (const { name, folder, dependencies } of packages) {
    test(`${name} imports only what its arrows and its package.json allow`, () => {
      const ours = new Set(ARROWS[name]);
      const wrong = sourcesOf(folder).flatMap((file) => importsOf(file)
        .map((specifier) => ({ specifier, wanted: packageOf(specifier) }))
        .filter(({ wanted }) => wanted !== undefined)
        .filter(({ wanted }) => !dependencies.includes(wanted!) || (wanted! in ARROWS && !ours.has(wanted!)))
        .map(({ specifier }) => `${file.path} imports ${specifier}`));
      expect(wrong).toEqual([]);
      expect(dependencies.filter((dependency) => dependency in ARROWS && !ours.has(dependency))).toEqual([]);
    });

    test(`${name} reaches no file outside its own src by a relative path`, () => {
      const wrong = sourcesOf(folder).flatMap((file) => importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => !join(file.path, '..', specifier).startsWith(`${folder}/src/`))
        .map((specifier) => `${file.path} imports ${specifier}`));
      expect(wrong).toEqual([]);
    });
  }

  for (const [native, owner] of Object.entries(OWNED_BY)) {
    test(`${native} is imported only inside ${owner}`, () => {
      const importers = packages.flatMap(({ folder }) => sourcesOf(folder))
        .filter((file) => importsOf(file).some((specifier) => packageOf(specifier) === native))
        .map((file) => file.path);
      expect(importers.filter((path) => !path.startsWith(owner))).toEqual([]);
    });
  }
});

/** What opens, changes or removes files does so through `system`, where tests can put faults; each exception with its reason. */
const FILES_THEMSELVES: Record<string, string> = {
  'packages/core/src/mapping/system.ts': 'it is the system',
  'packages/core/src/mapping/host.ts': '/proc',
  'packages/ring/src/subscriber-table.ts': '/proc',
  'packages/core/src/log/rotating-log.ts': 'a log that cannot be written is no fault of the store',
  'packages/core/src/store/manifest.ts': 'its own package.json',
};

test('the engine looks at files through the system seam alone', () => {
  const importers = packages.filter(({ folder }) => /^packages\/(core|ring|ingest|query|operations|deepwater)$/.test(folder)).flatMap(({ folder }) => sourcesOf(folder))
    .filter((file) => file.text.split('\n').some((line) => /from 'node:fs/.test(line) && !/^import \{ constants \}/.test(line)))
    .map((file) => file.path);
  expect(importers.sort()).toEqual(Object.keys(FILES_THEMSELVES).sort());
});

describe('public exports', () => {
  test('no index.ts exports everything of a module: what is public is written by hand', () => {
    const indexes = files.filter((file) => /^(packages|apps)\/[^/]+\/src\/(.*\/)?index\.ts$/.test(file.path));
    expect(indexes.length).toBeGreaterThan(0);
    // core's index is its engine entry, written by hand there, and the rest.
    const byHand = (text: string): string => text.replace("export * from './engine.js';", '');
    expect(indexes.filter((file) => /^\s*export\s+(type\s+)?\*/m.test(byHand(file.text))).map((file) => file.path)).toEqual([]);
  });

  test('the package deepwater exports the names in test/public-exports.json, and no others', async () => {
    const { values, types } = declaredExports('packages/deepwater');
    expect(Object.keys(await import('deepwater')).sort()).toEqual(values);
    // An intended change: npx vitest run test/repository.test.ts -u, and a line in CHANGELOG.md.
    await expect(`${JSON.stringify({ values, types }, null, 2)}\n`).toMatchFileSnapshot('public-exports.json');
  });
});

test('what docs/RELIABILITY.md names is there', () => {
  const text = readFileSync(join(root, 'docs', 'RELIABILITY.md'), 'utf8');
  const named = [...text.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file as string);
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

describe('text of the repository', () => {
  test.each(FORBIDDEN)('no file contains %s', (word) => {
    const pattern = /^\w+$/.test(word) ? new RegExp(`\\b${word}\\b`) : new RegExp(word);
    expect(files.filter((file) => pattern.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  test('the files that are looked at are the repository: every package has some', () => {
    for (const { folder } of packages) expect(sourcesOf(folder).length, folder).toBeGreaterThan(0);
    expect(files.map((file) => file.path)).toContain('.ci/run');
    expect(readdirSync(root)).toContain('pnpm-lock.yaml');
  });

  test(`a source file over ${LINES_MAX} lines has a reason, and no reason outlives its file`, () => {
    const long = files
      .filter((file) => isCode(file.path) && /(^|\/)(src|scripts|assembly)\//.test(file.path))
      .filter((file) => file.text.split('\n').length - 1 > LINES_MAX)
      .map((file) => file.path);
    expect(long.sort()).toEqual(Object.keys(LONG_FILES).sort());
  });
});
