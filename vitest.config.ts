import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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

/** Short files whose tests take long: the bounded forms of soaks. Vitest takes long files first, and one of these alone at the end would leave a processor idle. */
const LONG = ['ingest/test/kill', 'deepwater/test/mutations', 'deepwater/test/bus-soak', 'deepwater/test/bus-kills', 'deepwater/test/together', 'deepwater/test/bus-starts', 'exchanges/test/many-symbols'];

/** Of the files that share processes, the long ones first; the projects one after the other, as always. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ project, moduleId }: TestSpecification): boolean => !project.config.isolate && LONG.some((name) => moduleId.endsWith(`/packages/${name}.test.ts`));
    const sorted = await super.sort(files);
    const shared = sorted.findIndex(({ project }) => !project.config.isolate);
    if (shared < 0) return sorted;
    return [...sorted.slice(0, shared), ...sorted.slice(shared).filter(isLong), ...sorted.slice(shared).filter((file) => !isLong(file))];
  }
}

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
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { ...common, name: 'own', include: own } },
      { test: { ...common, name: 'shared', include: tests.filter((file) => !own.includes(file)), isolate: false } },
    ],
  },
});
