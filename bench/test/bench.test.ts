import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../dist/lib/report.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'deepwater-bench-test-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const bench = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

describe('npm run bench', () => {
  it('measures, checks every value, prints a table, keeps the figures and leaves nothing else behind', () => {
    const scratch = path.join(folder, 'scratch');
    mkdirSync(scratch);
    const json = path.join(folder, 'results', 'run.json');
    const { status, stdout, stderr } = bench('--quick', '--only', 'segments', '--json', json, '--dir', scratch);
    expect(stderr).not.toMatch(/INVALID|FAILED/);
    expect(status).toBe(0);

    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    const [outcome] = report.outcomes;
    expect(report.outcomes).toHaveLength(1);
    expect(outcome?.lines.map(({ id }) => id)).toEqual(['segments-10000', 'segments-100000', 'segments-1000000', 'segments-2000000', 'segments-flat']);
    for (const line of outcome?.lines ?? []) {
      expect(line.problems).toEqual([]);
      expect(line.sample.median).toBeGreaterThan(0);
      expect(line.sample.min).toBeLessThanOrEqual(line.sample.median);
      expect(line.sample.max).toBeGreaterThanOrEqual(line.sample.median);
      expect(stdout).toMatch(new RegExp(`^\\| \`${line.id}\` \\| .* ${line.unit} \\| .* \\|$`, 'm'));
    }
    expect(outcome?.lines.filter(({ target }) => target !== undefined).map(({ id }) => id)).toEqual(['segments-2000000', 'segments-flat']);
    expect(report.machine.cores).toBeGreaterThan(0);
    expect(report.machine.clockCostNs.median).toBeGreaterThan(0);
    expect(stdout).toContain(`Node ${process.versions.node}`);
    expect(readFileSync(json.replace('.json', '.md'), 'utf8').trim()).toBe(stdout.trim());
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('reads the bus as it is written, and judges the lines that have a target', () => {
    const json = path.join(folder, 'bus.json');
    const { status, stderr } = bench('--quick', '--only', 'bus-read', '--json', json, '--dir', folder);
    expect(stderr).not.toMatch(/INVALID|FAILED/);
    expect(status).toBe(0);
    const lines = (JSON.parse(readFileSync(json, 'utf8')) as Report).outcomes.flatMap((outcome) => outcome.lines);
    expect(lines.map(({ id }) => id)).toEqual(['live-runs', 'live-batches', 'live-records', 'live-busy', 'stream-sync-records', 'stream-sync-batches', 'stream-sync-batches-given']);
    expect(lines.filter(({ target }) => target !== undefined).map(({ id }) => id)).toEqual(['live-runs', 'live-batches', 'stream-sync-records', 'stream-sync-batches']);
  });

  it('asks ours and its peers the same questions, and gets the same answers', () => {
    const json = path.join(folder, 'queries.json');
    const { status, stderr } = bench('--quick', '--only', 'filter,merge', '--json', json, '--dir', folder);
    expect(stderr).not.toMatch(/INVALID|FAILED/);
    expect(status).toBe(0);
    const lines = (JSON.parse(readFileSync(json, 'utf8')) as Report).outcomes.flatMap((outcome) => outcome.lines);
    expect(lines.map(({ id }) => id)).toEqual(['filter-aggregate', 'merge-8', 'merge-8-records', 'asof']);
    for (const { id, peers } of lines) {
      expect(peers.some(({ name }) => name.startsWith(id === 'merge-8-records' ? 'a plain loop' : 'DuckDB')), id).toBe(true);
    }
    expect(lines.filter(({ target }) => target !== undefined).map(({ id }) => id)).toEqual(['filter-aggregate', 'merge-8']);
  });

  it('says what there is when asked for what there is not, and runs nothing', () => {
    const json = path.join(folder, 'nothing.json');
    const { status, stdout, stderr } = bench('--only', 'segments,sorting', '--json', json);
    expect(status).toBe(2);
    expect(stderr).toMatch(/no benchmark is called sorting; there are: .*segments/);
    expect(stdout).toBe('');
    expect(existsSync(json)).toBe(false);
  });

  it('lets only a full run into the docs', () => {
    expect(bench('--write-docs', '--quick').stderr).toContain('--write-docs takes a full run');
  });
});
