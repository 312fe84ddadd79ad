import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, VENUES, type ReplayOptions } from '../dist/index.js';
import { fileWith, smallCapture } from './support/small-capture.js';
import { WsClient } from './support/ws-client.js';

const capture = smallCapture(100);
const file = fileWith(capture.lines);
afterAll(() => file.remove());
const MAIN = join(import.meta.dirname, '..', 'dist', 'main.js');

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

class Command {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.stdout!.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.child.stderr!.on('data', (data: Buffer) => (this.stderr += data.toString()));
  }

  async line(): Promise<string> {
    while (!this.stdout.includes('\n')) await once(this.child.stdout!, 'data');
    return this.stdout.slice(0, this.stdout.indexOf('\n'));
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }
}

describe('options', () => {
  const wrong: [keyof ReplayOptions | 'other', unknown][] = [
    ['venue', 'nyse'], ['venue', undefined], ['captures', []], ['captures', [5]], ['pace', 0], ['pace', 'slow'], ['start', 'later'], ['startQuietMs', -1], ['end', 'never'],
    ['faults', {}], ['faults', [{ kind: 'rain' }]], ['faults', [{ kind: 'close', code: 999 }]], ['faults', [{ kind: 'drop', at: 1, chance: 0.5 }]], ['seed', 1.5], ['port', 70_000], ['other', 1],
  ];
  test.each(wrong)('%s: %j is refused', async (name, value) => {
    const options = { venue: 'binance', captures: [file.path], [name]: value } as ReplayOptions;
    await expect(startReplayServer(options)).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
  });

  test('a capture of another venue is refused', async () => {
    for (const venue of VENUES.filter((name) => name !== 'binance')) {
      await expect(startReplayServer({ venue, captures: [file.path] })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID', message: expect.stringContaining(venue) as string });
    }
  });

  test('a port that is taken is an error of the system', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    await expect(startReplayServer({ venue: 'binance', captures: [file.path], port: (other.address() as AddressInfo).port })).rejects.toMatchObject({ code: 'DW_SYSTEM_CALL' });
    other.close();
  });
});

describe('as a process of its own', () => {
  test('plays, tells where it is in JSON, and ends with 0 when all is played', async () => {
    const command = new Command('--venue', 'binance', '--capture', file.path, '--speed', 'fast', '--end', 'close', '--fault', '{"kind":"drop","at":2}', '--json');
    const listening = JSON.parse(await command.line()) as { event: string; ws: string; frames: number };
    expect(listening).toMatchObject({ event: 'listening', frames: capture.frames.length });
    const client = await WsClient.open(`${listening.ws}/ws/btcusdt@trade`);
    await client.until(() => client.closed !== undefined);
    expect([client.closed, client.messages.length]).toEqual([1000, 99]);
    expect(await command.exit()).toBe(0);
    expect(JSON.parse(command.stdout.trim().split('\n').at(-1)!)).toMatchObject({ event: 'closed', played: capture.frames.length, faultsStruck: 1 });
  });

  test('an interrupt ends it with 0', async () => {
    const command = new Command('--venue', 'binance', '--capture', file.path);
    expect(await command.line()).toBe(`Playing binance: ${capture.frames.length} frames.`);
    command.child.kill('SIGINT');
    expect(await command.exit()).toBe(0);
  });

  test('--help says what there is', async () => {
    const command = new Command('--help');
    expect(await command.exit()).toBe(0);
    for (const venue of VENUES) expect(command.stdout).toContain(venue);
  });

  test('options that cannot be used end it with 1, with the code and what is wrong', async () => {
    for (const [args, message] of [
      [['--venue', 'binance'], /DW_OPTION_INVALID: captures/], [['--venue', 'nyse', '--capture', file.path], /DW_OPTION_INVALID: venue/], [['--dance'], /DW_OPTION_INVALID: .*dance/],
      [['--venue', 'binance', '--capture', file.path, '--speed', 'x'], /--speed: x is not a number/], [['--venue', 'binance', '--capture', file.path, '--fault', '{'], /--fault: \{ is not JSON/],
    ] as const) {
      const command = new Command(...args);
      expect([args, await command.exit()]).toEqual([args, 1]);
      expect(command.stderr).toMatch(message);
    }
    const json = new Command('--venue', 'nyse', '--capture', file.path, '--json');
    expect(await json.exit()).toBe(1);
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'DW_OPTION_INVALID' });
  });
});
