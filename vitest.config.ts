import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

const FOLDERS = ['packages', 'apps', 'examples', 'bench', 'test'];

/**
 * What says that a file wants a process of its own: it changes what the whole process is (the system under the engine, its signals, its environment), or
 * measures it (memory, mappings, descriptors). All others share two processes, where the engine is loaded once and its code is warm.
 */
const OWN_PROCESS = /\breplaceSystem\b|\/simulation\/|\bonFailpoint\b|\bglobalThis\.gc\b|\bgc!?\(|\/proc\/self|\bmemoryUsage\b|\bprocess\.(on|once|kill|chdir|exit|execArgv)\b|\bprocess\.env\[[^\]]+\] =|\bvi\./;

/** Below a folder. Packages that are installed link to one another, and would be gone through a hundred times. */
const testsIn = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const file = path.join(folder, entry.name);
  if (!entry.isDirectory()) return file.endsWith('.test.ts') ? [file] : [];
  return entry.name === 'node_modules' || entry.name === 'dist' ? [] : testsIn(file);
});

const tests = FOLDERS.flatMap(testsIn).sort();
const own = tests.filter((file) => OWN_PROCESS.test(readFileSync(file, 'utf8')));

const common = {
  setupFiles: ['test/support/large-values.ts', 'test/support/setup-afterwards.ts'],
  pool: 'forks' as const,
  // Three times what the longest takes: a shared machine may have a slow hour.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // What is waited for comes at once, or never; on a busy machine at once may take seconds.
  expect: { poll: { timeout: 30_000 } },
  execArgv: ['--expose-gc'],
  // Built packages run as Node runs them for users, untouched by Vite: one copy of every module in every thread.
  server: { deps: { external: [/\/dist\//] } },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...common, name: 'own', include: own } },
      { test: { ...common, name: 'shared', include: tests.filter((file) => !own.includes(file)), isolate: false } },
    ],
  },
});
