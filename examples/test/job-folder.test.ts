import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SAMPLE_DATA } from '../dist/folders.js';
import { checkKeptFolder, emptyDataFolder, markComplete, storePath } from '../dist/main-job/data-folder.js';
import { parseOptions, UsageError } from '../dist/main-job/options.js';
import { findSources } from '../dist/sources/find-sources.js';

const sources = findSources(SAMPLE_DATA);

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'deepwater-main-job-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('the folder of the main job', () => {
  test('is made where there is none, and used where it is empty', () => {
    const path = folder();
    emptyDataFolder(join(path, 'a/b'), sources);
    mkdirSync(join(path, 'empty'));
    emptyDataFolder(join(path, 'empty'), sources);
    for (const made of ['a/b', 'empty']) expect(readdirSync(join(path, made))).toEqual(['made-by-main-job.json']);
  });

  test('loses the store of an earlier run, and nothing else', () => {
    const path = folder();
    emptyDataFolder(path, sources);
    mkdirSync(join(storePath(path), 'feeds'), { recursive: true });
    writeFileSync(join(path, 'notes.txt'), 'mine');
    emptyDataFolder(path, sources);
    expect(existsSync(storePath(path))).toBe(false);
    expect(readFileSync(join(path, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('is not touched where something else is in it', () => {
    const path = folder();
    mkdirSync(join(path, 'store'));
    writeFileSync(join(path, 'store/precious'), 'mine');
    expect(() => emptyDataFolder(path, sources)).toThrow(UsageError);
    expect(() => emptyDataFolder(join(path, 'store/precious'), sources)).toThrow('is not a directory');
    expect(readdirSync(path)).toEqual(['store']);
    expect(readFileSync(join(path, 'store/precious'), 'utf8')).toBe('mine');
  });

  test('is only kept when a whole run of the same files left it', () => {
    const path = folder();
    expect(() => checkKeptFolder(path, sources)).toThrow('no run of this job');
    emptyDataFolder(path, sources);
    expect(() => checkKeptFolder(path, sources)).toThrow('did not end');
    markComplete(path, sources);
    checkKeptFolder(path, sources);
    expect(() => checkKeptFolder(path, sources.slice(1))).toThrow('written from other files');
  });
});

describe('options', () => {
  test('have defaults, and --sample overrides every folder', () => {
    expect(parseOptions([])).toMatchObject({ data: 'demo', keep: false, json: false });
    expect(parseOptions(['--sample', '--data', 'x', '--json', '--keep'])).toEqual({ data: 'x', recordings: SAMPLE_DATA, keep: true, json: true });
    expect(parseOptions(['--shared', 'y'])).toMatchObject({ recordings: 'y' });
    expect(parseOptions(['--help'])).toBeNull();
  });

  test.each([[['--bogus']], [['positional']], [['--data']], [['--sample', '--shared', 'y']]])('%j is wrong usage', (args) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
  });
});
