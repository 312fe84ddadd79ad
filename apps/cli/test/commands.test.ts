import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { START, TRADES, Running, deepwater, deepwaterProcess, openPlatform, storeWithTrades, temporaryDirectory, trade } from './support.js';

const COUNT = 3000;
let store: string;

beforeAll(async () => {
  store = await storeWithTrades(COUNT);
});

/** Runs a command on the store, which has to succeed without a word on stderr. */
async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await deepwater([...args, '--base-path', store]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const jsonOf = (n: number): object => {
  const [price, size, side, id, note, timestamp_us, received_ns] = trade(n);
  return { price, size, side, id: String(id), note, timestamp_us, received_ns: String(received_ns) };
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('deepwater', () => {
  test('--version prints the version of its package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await deepwater(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test.each([[[]], [['feeds']], [['info']], [['query']], [['tail']]])('%j --help says what there is', async (command) => {
    const { code, stdout } = await deepwater([...command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: deepwater/);
    if (command.length > 0) expect(stdout).toContain('DEEPWATER_BASE_PATH');
  });

  const mistakes: [string, string[], string][] = [
    ['an unknown command', ['qurey', 'trades'], 'Did you mean query'],
    ['an unknown option', ['query', 'trades', '--form', 'csv'], 'unknown option'],
    ['no feed', ['query'], "missing required argument 'feed'"],
    ['two feeds', ['info', 'a', 'b'], 'too many arguments'],
    ['a format that is none', ['query', 'trades', '--format', 'xml'], 'table, csv, jsonl, json'],
    ['a filter that is no JSON', ['query', 'trades', '--where', 'side=B'], 'Give JSON'],
    ['a limit that is no number', ['query', 'trades', '--limit', '-5'], 'Give a whole number'],
    ['seconds that are none', ['query', 'trades', '--latest', '0'], 'Give a number above 0'],
    ['an empty column', ['query', 'trades', '--columns', 'a,,b'], 'separated by commas'],
    ['two ways to say what', ['query', 'trades', '--last', '5', '--start', '0'], 'cannot be used with'],
    ['lines and a start', ['tail', 'trades', '--follow', '--lines', '5', '--start', '0'], 'cannot be used with'],
    ['two formats', ['query', 'trades', '--json', '--format', 'csv'], 'cannot be used with'],
  ];
  const refusedTails: [string, string[], string][] = [
    ['a start without --follow', ['tail', 'trades', '--start', '-1h'], 'DW_OPTION_INVALID: --start goes with --follow'],
    ['playback without --follow', ['tail', 'trades', '--playback'], 'DW_OPTION_INVALID: --playback goes with --follow'],
    ['playback of a feed of mode UF', ['tail', 'trades', '--follow', '--playback'], 'DW_FEED_NOT_INDEXED'],
  ];
  test.each([...mistakes, ...refusedTails])('%s is a mistake: exit code 1 and what is wrong', async (_name, args, said) => {
    const { code, stdout, stderr } = await deepwater([...args, '--base-path', store]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });

  const refused: [string, string[], string, string][] = [
    ['an unknown feed', ['info', 'trads'], 'DW_FEED_UNKNOWN', 'did you mean trades?'],
    ['a feed name that is none', ['query', '../trades'], 'DW_FEED_NAME_INVALID', '"/"'],
    ['an unknown column', ['query', 'trades', '--columns', 'prise', '--start', '0'], 'DW_FIELD_UNKNOWN', 'price'],
    ['an unknown clock', ['query', 'trades', '--by', 'received', '--start', '0'], 'DW_OPTION_INVALID', 'received_ns'],
    ['a time that is none', ['query', 'trades', '--start', 'yesterday'], 'DW_RANGE_INVALID', '--start'],
    ['an end before its start', ['query', 'trades', '--start', '5', '--end', '4'], 'DW_RANGE_INVALID', 'start <= end'],
  ];
  test.each(refused)('%s: exit code 1, the code and the message', async (_name, args, errorCode, said) => {
    const { code, stdout, stderr } = await deepwater([...args, '--base-path', store]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^deepwater: ${errorCode}: `));
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });

  test('a base path that is a file, is missing, or has another format is refused, and nothing is made', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(await deepwater(['feeds', '-b', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_BASE_PATH_INVALID') as string });
    expect(await deepwater(['feeds', '-b', join(directory, 'missing')])).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_BASE_PATH_INVALID') as string });
    expect(readdirSync(directory)).toEqual(['file']);
    const other = await storeWithTrades(1);
    const manifest = join(other, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"format": 2', '"format": 9'));
    expect(await deepwater(['feeds', '-b', other])).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_FORMAT_VERSION') as string });
  });

  test('output that cannot be written is an error', async () => {
    const { code, stderr } = await deepwaterProcess(['query', 'trades', '--start', '0', '--format', 'csv', '-b', store], {}, '/dev/full');
    expect(code).toBe(1);
    expect(stderr).toContain('ENOSPC');
  });

  test('a mistake of the program itself is exit code 2, with where it happened', async () => {
    const broken = 'data:text/javascript,process.stdout.write = () => { throw new TypeError("broken on purpose"); }';
    const { code, stderr } = await deepwaterProcess(['feeds', '-b', store], { NODE_OPTIONS: `--import=${broken.replaceAll(' ', '%20').replaceAll('"', "'")}` });
    expect(code).toBe(2);
    expect(stderr).toMatch(/unexpected error[^]*TypeError: broken on purpose\n {4}at /);
  });

  test.each([['feeds'], ['info', 'trades'], ['query', 'trades', '--limit', '5'], ['bars', 'trades', '--resolution', '1m'], ['tail', 'trades'], ['feeds', '--help']])('deepwater %s ends by itself, as a process', async (...args) => {
    expect(await deepwaterProcess([...args, '-b', store])).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('the base path may come from the environment', async () => {
    expect((await deepwaterProcess(['feeds', '--json'], { DEEPWATER_BASE_PATH: store })).stdout).toContain('"trades"');
  });

  test('no command changes anything in the store', async () => {
    const look = (): string[] => readdirSync(store, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => `${path} ${statSync(path).mtimeMs} ${statSync(path).size}`)
      .sort();
    const before = look();
    await output('feeds');
    await output('info', 'trades');
    await output('query', 'trades', '--last', '1');
    await output('tail', 'trades');
    expect(look()).toEqual(before);
  });
});

describe('deepwater feeds and info', () => {
  test('say what a store holds, for people', async () => {
    const feeds = await output('feeds');
    expect(feeds).toMatch(/│ trades │ disk │ +3,000 │ 2025-02-01T00:00:02\.999000Z │ +1 │ .* │ - +│/);
    const info = await output('info', 'trades');
    expect(info).toMatch(/records +3,000 \(numbers 0 to 3000, excluded\)/);
    expect(info).toMatch(/│ size +│ decimal\(2\) +│ string +│/);
    expect(info).toMatch(/│ timestamp_us +│ uint64 +│ number +│ timestamp, us +│/);
    expect(info).toMatch(/│ received_ns +│ int64 +│ bigint +│ clock, ns +│/);
    expect(info).toContain('of the exchange');
  });

  test('and for programs', async () => {
    const [feed] = JSON.parse(await output('feeds', '--json')) as object[];
    expect(feed).toMatchObject({ name: 'trades', records: { first: 0, next: COUNT }, newest: START + (COUNT - 1) * 1000, writer: { open: false } });
    expect(JSON.parse(await output('info', 'trades', '--json'))).toEqual(feed);
  });

  test('name the process that writes; an empty store has no feeds; a damaged feed is told', async () => {
    const platform = await openPlatform();
    expect(await deepwater(['feeds', '-b', platform.basePath])).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('has no feeds') as string });
    expect((await deepwater(['feeds', '--json', '-b', platform.basePath])).stdout).toBe('[]\n');
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, name: 'empty' });
    await platform.createFeed({ ...TRADES, name: 'broken' });
    await platform.createWriter('trades');
    writeFileSync(join(platform.basePath, 'feeds', 'broken', 'feed.json'), '{');
    const { code, stdout, stderr } = await deepwater(['feeds', '-b', platform.basePath]);
    expect(code).toBe(0);
    expect(stdout).toContain(`pid ${process.pid}`);
    expect(stdout).toMatch(/│ empty +│ disk │ +0 │ - +│/);
    expect(stderr).toContain('broken');
  });
});

describe('deepwater query', () => {
  test.each([
    [['--last', '5'], range(COUNT - 5, COUNT)],
    [['--latest', '0.003'], range(COUNT - 4, COUNT)],
    [[], range(0, COUNT)],
    [['--start', String(START + 10_000), '--end', String(START + 13_000)], [10, 11, 12]],
    [['--start', '2025-02-01T00:00:02.998Z'], [2998, 2999]],
    [['--end', '2025-02-01T00:00:00.002Z'], [0, 1]],
    [['--start', '2025-02-01', '--limit', '3'], [0, 1, 2]],
    [['--start', '-1h'], []],
    [['--start', String(BigInt(START) * 1000n + 5n * 1_000_007n), '--end', '2025-02-01T00:00:00.007', '--by', 'received_ns'], [5, 6]],
    [['--latest', '0.002', '--by', 'received_ns'], [2998, 2999]],
    [['--last', '0'], []],
    [['--where', JSON.stringify({ timestamp_us: { between: [START + 5000, START + 6000] } })], [5, 6]],
    [['--start', '0', '--where', `{ "received_ns": { "gte": "${BigInt(START) * 1000n + 2998n * 1_000_007n}n" } }`], [2998, 2999]],
  ])('%j gives the records asked for', async (args, expected) => {
    const lines = (await output('query', 'trades', ...args, '--format', 'jsonl')).split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(expected.map(jsonOf));
  });

  test('csv has a line of names and values as they are stored', async () => {
    const csv = await output('query', 'trades', '--last', '2', '--format', 'csv');
    expect(csv).toBe(
      'price,size,side,id,note,timestamp_us,received_ns\n' + [2998, 2999].map((n) => `${trade(n).join(',')}\n`).join(''),
    );
    expect(await output('query', 'trades', '--last', '0', '--format', 'csv')).toBe('price,size,side,id,note,timestamp_us,received_ns\n');
  });

  test('json is one array, however many records there are', async () => {
    for (const [args, expected] of [[['--last', '0'], []], [['--last', '1'], [2999]], [['--start', '0', '--limit', '2'], [0, 1]]] as const) {
      expect(JSON.parse(await output('query', 'trades', ...args, '--json'))).toEqual(expected.map(jsonOf));
    }
  });

  test('a table has times as ISO 8601 with the precision of their clocks, and columns as asked for', async () => {
    const table = await output('query', 'trades', '--last', '1', '--columns', 'received_ns,side,timestamp_us');
    const [, head, , row] = table.split('\n').map((line) => line.split('│').map((cell) => cell.trim()).filter(Boolean));
    expect(head).toEqual(['received_ns', 'side', 'timestamp_us']);
    expect(row).toEqual(['2025-02-01T00:00:02.999020993Z', 'S', '2025-02-01T00:00:02.999000Z']);
  });

  test('a long table is cut and says so; with a limit it is as long as that', async () => {
    const { code, stdout, stderr } = await deepwater(['query', 'trades', '--start', '0', '-b', store]);
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith('│'))).toHaveLength(1001);
    expect(stderr).toContain('only the first 1000 records');
    expect((await output('query', 'trades', '--start', '0', '--limit', '2000')).split('\n').filter((line) => line.startsWith('│'))).toHaveLength(2001);
  });

  test('--explain prints the plan instead of the records', async () => {
    expect(await output('query', 'trades', '--start', '2025-02-01', '--end', '2025-02-02', '--explain')).toContain('chunk 1 from record 0 ██');
    expect(await output('query', 'trades', '--start', '2025-02-02', '--explain', '--columns', 'price')).toMatch(/chunks: 1, of them 1 passed over by the catalog[^]*columns: price, timestamp_us; at most 0 bytes/);
    expect(JSON.parse(await output('query', 'trades', '--explain', '--json'))).toMatchObject({ feed: 'trades', clock: 'timestamp_us', chunks: { total: 1, read: 1 } });
  });

  test('texts of records cannot command a terminal, and are whole in csv and json', async () => {
    const evil = '\u001b[2J"x", \n\u009b1m‮';
    const other = await storeWithTrades(1, evil);
    const table = (await deepwater(['query', 'trades', '--last', '1', '-c', 'note', '-b', other])).stdout;
    expect(table).toContain('\\u{1b}[2J');
    // eslint-disable-next-line no-control-regex
    expect(table.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect((await deepwater(['query', 'trades', '--last', '1', '-c', 'note', '-f', 'csv', '-b', other])).stdout).toBe(`note\n"${evil.replaceAll('"', '""')}"\n`);
    expect(JSON.parse((await deepwater(['query', 'trades', '--last', '1', '-c', 'note', '--json', '-b', other])).stdout)).toEqual([{ note: evil }]);
  });

  test('more records than are read at once come whole', async () => {
    const large = await storeWithTrades(120_000);
    const { code, stdout } = await deepwater(['query', 'trades', '--start', '0', '--format', 'csv', '--columns', 'id', '-b', large]);
    expect(code).toBe(0);
    expect(stdout).toBe(`id\n${range(0, 120_000).join('\n')}\n`);
    const limited = await deepwater(['query', 'trades', '--start', '0', '--limit', '110000', '--format', 'csv', '--columns', 'id', '-b', large]);
    expect(limited.stdout).toBe(`id\n${range(0, 110_000).join('\n')}\n`);
    // A reader that goes away ends it quietly.
    const running = new Running(['query', 'trades', '--start', '0', '--format', 'csv', '-b', large]);
    await running.lines(1);
    running.child.stdout!.destroy();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('records that are still in the ring of a running writer are there', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (const n of range(0, 20)) writer.writeValues(...trade(n));
    const { stdout } = await deepwater(['query', 'trades', '--format', 'csv', '--columns', 'id', '-b', platform.basePath]);
    expect(stdout).toBe(`id\n${range(0, 20).join('\n')}\n`);
    await platform.close();
    rmSync(platform.basePath, { recursive: true });
  });
});
