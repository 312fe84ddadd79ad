import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STORE_FORMAT, type Manifest, findStore, openManifest, ownVersion } from '../dist/index.js';
import { failure, runTogether, temporaryDirectory } from './store-support.js';

const fileOf = (basePath: string): string => join(basePath, 'manifest.json');
const readJson = (basePath: string): Manifest => JSON.parse(readFileSync(fileOf(basePath), 'utf8')) as Manifest;
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

async function newStore(): Promise<{ basePath: string; storeId: string }> {
  const basePath = join(temporaryDirectory(), 'data');
  const { manifest } = await openManifest(basePath);
  return { basePath, storeId: manifest.storeId };
}

describe('a new store', () => {
  test('gets its directory, its parents and a manifest that says who it is', async () => {
    const basePath = join(temporaryDirectory(), 'a', 'b', 'data');
    const opened = await openManifest(basePath);
    expect(opened).toMatchObject({ basePath, origin: 'created' });
    const { dev, ino } = statSync(basePath);
    expect(readJson(basePath)).toEqual({
      format: STORE_FORMAT,
      product: 'deepwater',
      writtenBy: ownVersion(),
      storeId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      device: String(dev),
      inode: String(ino),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      access: 'owner',
      checksum: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    });
    expect(readJson(basePath)).toMatchObject(opened.manifest);
  });

  test.each([['owner', '700', '600'], ['group', '750', '640']] as const)('with access %s has modes %s and %s', async (access, directory, file) => {
    const before = process.umask(0o022);
    try {
      const basePath = join(temporaryDirectory(), 'data');
      await openManifest(basePath, { access });
      expect([modeOf(basePath), modeOf(fileOf(basePath))]).toEqual([directory, file]);
    } finally {
      process.umask(before);
    }
  });

  test('may begin in an empty directory, and in the root of a fresh file system', async () => {
    const basePath = temporaryDirectory();
    mkdirSync(join(basePath, 'lost+found'));
    expect((await openManifest(basePath)).origin).toBe('created');
  });

  test('may be reached through a link, and is the same store as without', async () => {
    const { basePath, storeId } = await newStore();
    const link = join(dirname(basePath), 'link');
    symlinkSync(basePath, link);
    expect(await openManifest(link)).toMatchObject({ basePath, origin: 'found', manifest: { storeId } });
  });

  test('keeps its ring directory until another is given', async () => {
    const basePath = temporaryDirectory();
    await openManifest(basePath, { ringDir: '/rings/a' });
    expect((await openManifest(basePath)).manifest.ringDir).toBe('/rings/a');
    const { storeId } = readJson(basePath);
    expect((await openManifest(basePath, { ringDir: '/rings/b' })).manifest).toMatchObject({ ringDir: '/rings/b', storeId });
    expect(readJson(basePath)).toMatchObject({ ringDir: '/rings/b', storeId });
  });
});

describe('opening again', () => {
  test('finds the same store and writes nothing', async () => {
    const { basePath, storeId } = await newStore();
    const before = readFileSync(fileOf(basePath), 'utf8');
    expect(await openManifest(basePath)).toMatchObject({ origin: 'found', manifest: { storeId } });
    expect(readFileSync(fileOf(basePath), 'utf8')).toBe(before);
  });

  test('with another access is refused, with the same one is fine', async () => {
    const { basePath } = await newStore();
    expect((await openManifest(basePath, { access: 'owner' })).origin).toBe('found');
    expect(await failure(() => openManifest(basePath, { access: 'group' }))).toMatchObject({ code: 'DW_OPTION_INVALID', values: { given: 'group', store: 'owner' } });
  });
});

describe('several processes at once', () => {
  test('that make a store end with the same id, and one of them made it', async () => {
    const basePath = join(temporaryDirectory(), 'made', 'together');
    const results = await runTogether<{ storeId: string; origin: string }>('store-process.mjs', Array.from({ length: 4 }, () => ['manifest', basePath]));
    expect(new Set(results.map(({ storeId }) => storeId))).toEqual(new Set([readJson(basePath).storeId]));
    expect(results.filter(({ origin }) => origin === 'created')).toHaveLength(1);
  });

  test('that open a copy end with the same new id', async () => {
    const { basePath, storeId } = await newStore();
    const copy = join(dirname(basePath), 'copy');
    cpSync(basePath, copy, { recursive: true });
    const results = await runTogether<{ storeId: string; origin: string }>('store-process.mjs', Array.from({ length: 3 }, () => ['manifest', copy]));
    expect(new Set(results.map((result) => result.storeId))).toEqual(new Set([readJson(copy).storeId]));
    expect(readJson(copy).storeId).not.toBe(storeId);
    expect(results.filter(({ origin }) => origin === 'copied')).toHaveLength(1);
  });
});

describe('a copied store', () => {
  test('gets an id of its own and keeps its age; the original keeps its id', async () => {
    const { basePath, storeId } = await newStore();
    const copy = join(dirname(basePath), 'copy');
    cpSync(basePath, copy, { recursive: true });
    const opened = await openManifest(copy);
    expect(opened.origin).toBe('copied');
    expect(opened.manifest.storeId).not.toBe(storeId);
    expect(opened.manifest.createdAt).toBe(readJson(basePath).createdAt);
    expect((await openManifest(copy)).origin).toBe('found');
    expect((await openManifest(basePath)).manifest.storeId).toBe(storeId);
  });

  test('opened for reading stays as it is, and has an id that is not the original\'s', async () => {
    const { basePath, storeId } = await newStore();
    const copy = join(dirname(basePath), 'copy');
    cpSync(basePath, copy, { recursive: true });
    const before = readdirSync(copy).map((name) => [name, readFileSync(join(copy, name), 'utf8')]);
    const opened = await openManifest(copy, { readOnly: true });
    expect(opened.manifest.storeId).not.toBe(storeId);
    expect((await openManifest(copy, { readOnly: true })).manifest.storeId).toBe(opened.manifest.storeId);
    expect(readdirSync(copy).map((name) => [name, readFileSync(join(copy, name), 'utf8')])).toEqual(before);
  });
});

describe('opened only for reading', () => {
  test('a store is found, and nothing is made where there is none', async () => {
    const { basePath, storeId } = await newStore();
    expect(await openManifest(basePath, { readOnly: true })).toMatchObject({ origin: 'found', manifest: { storeId } });
    const empty = temporaryDirectory();
    expect(await failure(() => openManifest(empty, { readOnly: true }))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    expect(readdirSync(empty)).toEqual([]);
    expect(await failure(() => openManifest(join(empty, 'not', 'there'), { readOnly: true }))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    expect(existsSync(join(empty, 'not'))).toBe(false);
  });
});

describe('a base path that cannot be used', () => {
  const bad: [string, unknown][] = [['undefined', undefined], ['empty', ''], ['a number', 5], ['with a NUL', 'a\0b'], ['too long', `/tmp/${'x'.repeat(5000)}`]];
  test.each(bad)('%s is refused', async (_name, path) => {
    expect(await failure(() => openManifest(path as string))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
  });

  test('a file, below a file, and a link to nowhere are refused', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), 'x');
    symlinkSync(join(directory, 'nowhere'), join(directory, 'link'));
    for (const path of ['file', 'file/data', 'link']) {
      expect(await failure(() => openManifest(join(directory, path)))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    }
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  test('a directory with other things in it is refused, and named, and left alone', async () => {
    const basePath = temporaryDirectory();
    for (const name of ['photos', 'notes.txt', 'registry.txt', 'feeds']) writeFileSync(join(basePath, name), '');
    const error = await failure(() => openManifest(basePath));
    expect(error).toMatchObject({ code: 'DW_BASE_PATH_INVALID', message: expect.stringContaining('"notes.txt"') as string });
    expect(readdirSync(basePath).sort()).toEqual(['feeds', 'notes.txt', 'photos', 'registry.txt']);
  });

  // chmod does not hinder root, so: places where nobody may make anything.
  test.skipIf(process.platform !== 'linux').each(['/proc/deepwater-data', '/sys/deepwater-data/store', '/proc/sys'])('%s is read-only', async (path) => {
    expect(await failure(() => openManifest(path))).toMatchObject({ code: 'DW_BASE_PATH_READ_ONLY', values: { errno: expect.any(String) as string } });
  });
});

describe('a manifest that cannot be used', () => {
  async function withManifest(change: (manifest: Record<string, unknown>) => unknown): Promise<unknown> {
    const { basePath } = await newStore();
    const changed = change(readJson(basePath) as unknown as Record<string, unknown>);
    writeFileSync(fileOf(basePath), typeof changed === 'string' ? changed : JSON.stringify(changed));
    const errors = await Promise.all([failure(() => openManifest(basePath)), failure(() => openManifest(basePath, { readOnly: true }))]);
    expect((errors[0] as Error).message).toBe((errors[1] as Error).message);
    return errors[0];
  }

  test('of a newer format says both versions and who wrote it', async () => {
    const error = await withManifest((manifest) => ({ ...manifest, format: 7, writtenBy: '9.9.9', storeId: 'of another kind' }));
    expect(error).toMatchObject({ code: 'DW_FORMAT_VERSION', values: { format: 7, supported: STORE_FORMAT, writtenBy: '9.9.9' } });
    expect((error as Error).message).toContain('9.9.9');
    expect((error as Error).message).toContain(ownVersion());
  });

  test('of an older format says how to upgrade', async () => {
    const error = await withManifest((manifest) => ({ ...manifest, format: 0 }));
    expect(error).toMatchObject({ code: 'DW_FORMAT_VERSION', message: expect.stringContaining('deepwater migrate') as string });
  });

  test('of another program is not ours', async () => {
    expect(await withManifest(() => ({ name: 'A web app', start_url: '/' }))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    expect(await withManifest(() => '[]')).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    expect(await withManifest(() => 'null')).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
  });

  const damaged: [string, (manifest: Record<string, unknown>) => unknown][] = [
    ['cut off', (manifest) => JSON.stringify(manifest).slice(0, 40)],
    ['empty', () => ''],
    ['too long', () => ' '.repeat(100_000)],
    ['without a format', ({ format: _, ...rest }) => rest],
    ['with a format of text', (manifest) => ({ ...manifest, format: '1' })],
    ['with a store id that leads elsewhere', (manifest) => ({ ...manifest, storeId: '../../../../../../etc/x'.padEnd(32, 'a') })],
    ['with an inode that is a number', (manifest) => ({ ...manifest, inode: 5 })],
    ['with another access', (manifest) => ({ ...manifest, access: 'world' })],
    ['with a relative ring directory', (manifest) => ({ ...manifest, ringDir: '../x' })],
    ['with a time that is none', (manifest) => ({ ...manifest, createdAt: 'yesterday' })],
  ];
  test.each(damaged)('%s is corrupt, with a checksum or without', async (_name, change) => {
    expect(await withManifest(change)).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    expect(await withManifest(({ checksum: _, ...manifest }) => change(manifest))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test('with other values than it was written with is corrupt; without a checksum, as earlier versions wrote it, it is believed', async () => {
    const another = { storeId: 'ab'.repeat(16), device: '1', inode: '1', createdAt: '2020-01-01T00:00:00.000Z', access: 'group', ringDir: '/elsewhere', checksum: '00000000' };
    for (const [key, value] of Object.entries(another)) {
      expect(await withManifest((manifest) => ({ ...manifest, [key]: value })), key).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { reason: 'its checksum does not hold' } });
    }
    const { basePath } = await newStore();
    const { checksum: _, ...manifest } = readJson(basePath) as unknown as Record<string, unknown>;
    writeFileSync(fileOf(basePath), JSON.stringify({ ...manifest, storeId: another.storeId }));
    expect((await openManifest(basePath)).manifest.storeId).toBe(another.storeId);
  });

  test('that is missing while there are feeds is not made anew: what killed writers left is found by its store id', async () => {
    const { basePath } = await newStore();
    rmSync(fileOf(basePath));
    mkdirSync(join(basePath, 'feeds'), { recursive: true });
    expect((await openManifest(basePath)).origin).toBe('created');
    rmSync(fileOf(basePath));
    mkdirSync(join(basePath, 'feeds', 'trades'));
    for (const look of [() => openManifest(basePath), () => openManifest(basePath, { readOnly: true }), async () => { await Promise.resolve(); findStore(basePath); }]) {
      const error = await failure(look);
      expect(error).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: fileOf(basePath), reason: 'it is missing, and there are feeds' }, message: expect.stringContaining('deepwater repair') as string });
    }
    expect(existsSync(fileOf(basePath))).toBe(false);
  });

  test('that is a link is not followed', async () => {
    const { basePath } = await newStore();
    const elsewhere = join(dirname(basePath), 'elsewhere.json');
    cpSync(fileOf(basePath), elsewhere);
    const other = temporaryDirectory();
    symlinkSync(elsewhere, fileOf(other));
    expect(await failure(() => openManifest(other))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP' } });
  });
});
