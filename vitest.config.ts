import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'examples/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/support/large-values.ts'],
    // Tests map files, take locks and are killed: each file gets a process of its own.
    pool: 'forks',
    maxWorkers: 2,
    // Three times what the longest takes: a shared machine may have a slow hour.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What is waited for comes at once, or never; on a busy machine at once may take seconds.
    expect: { poll: { timeout: 30_000 } },
    execArgv: ['--expose-gc'],
    // Built packages run as Node runs them for users, untouched by Vite: one copy of every module in every thread.
    server: { deps: { external: [/\/dist\//] } },
  },
});
