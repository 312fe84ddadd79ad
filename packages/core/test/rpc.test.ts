import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import * as comlink from 'comlink';
import { afterEach, describe, expect, test } from 'vitest';
import { DeepwaterError, type Service, exposeService, spawnService } from '../dist/index.js';

interface Calculator {
  add(a: number, b: number): number;
  thread(): number;
  echo(value: unknown): unknown;
  never(): void;
  failOurs(): void;
  failBuiltIn(): Promise<void>;
  failText(): void;
  unclonable(): void;
  crash(): void;
  quit(): void;
}

const started: Service<Calculator>[] = [];

function start(file = './workers/calculator.mjs'): Service<Calculator> {
  const service = spawnService<Calculator>(new URL(file, import.meta.url), { deadCode: 'DW_INGEST_DEAD' });
  started.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.terminate()));
});

/** What a promise is rejected with. */
async function rejection(promise: PromiseLike<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not rejected');
}

describe('a service that lives', () => {
  test('runs in another thread and answers, also below a path', async () => {
    const { api } = start();
    expect(await api.add(2, 3)).toBe(5);
    expect(await api.thread()).toBeGreaterThan(0);
    const { nested } = api as unknown as { nested: { deep: { answer(): Promise<number> } } };
    expect(await nested.deep.answer()).toBe(42);
  });

  test('answers many calls at once, each with its own answer', async () => {
    const { api } = start();
    const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => api.add(i, 1)));
    expect(answers).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  });

  test('throws our errors with class, code, values and cause', async () => {
    const error = await rejection(start().api.failOurs());
    expect(error).toBeInstanceOf(DeepwaterError);
    expect(error).toMatchObject({ code: 'DW_DISK_FULL', message: 'no room', values: { path: '/x', free: 0n } });
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  test('throws built-in errors as what they are, and text as an error', async () => {
    const { api } = start();
    const error = await rejection(api.failBuiltIn());
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: 'not that', code: 'EBADTHING' });
    expect(await rejection(api.failText())).toMatchObject({ cause: 'just text' });
  });

  test('rejects what cannot be cloned, either way, and goes on', async () => {
    const { api } = start();
    expect((await rejection(api.echo(() => {}))).name).toBe('DataCloneError');
    expect(await rejection(api.unclonable())).toBeInstanceOf(TypeError);
    expect(await api.add(1, 1)).toBe(2);
  });
});

describe('a service that dies', () => {
  test('by terminate: pending calls are rejected, later ones too', async () => {
    const service = start();
    const pending = [rejection(service.api.never()), rejection(service.api.never())];
    await service.api.add(1, 1); // the calls have arrived
    await service.terminate();
    for (const error of await Promise.all(pending)) expect(error).toMatchObject({ code: 'DW_INGEST_DEAD', values: { expected: true } });
    expect(await rejection(service.api.add(1, 2))).toBeInstanceOf(DeepwaterError);
    expect(await rejection(service.api.add(1, 2))).toMatchObject({ code: 'DW_INGEST_DEAD' });
    expect(await service.threadDied).toMatchObject({ expected: true });
  });

  test('by an exception that nobody catches: the error is the cause', async () => {
    const service = start();
    const [crashed, other] = await Promise.all([rejection(service.api.crash()), rejection(service.api.never())]);
    for (const error of [crashed, other]) {
      expect(error).toMatchObject({ code: 'DW_INGEST_DEAD', message: expect.stringContaining('nobody catches this') as string });
      expect(error.cause).toBeInstanceOf(Error);
    }
    expect(await service.threadDied).toMatchObject({ expected: false, exitCode: 1, error: { message: 'nobody catches this' } });
  });

  test('by process.exit: the exit code is told', async () => {
    const service = start();
    expect(await rejection(service.api.quit())).toMatchObject({ code: 'DW_INGEST_DEAD', values: { exitCode: 7, expected: false } });
    expect(await service.threadDied).toEqual({ exitCode: 7, expected: false });
  });

  test('before it lived: a module that is not there', async () => {
    const service = start('./workers/no-such-file.mjs');
    expect(await rejection(service.api.add(1, 2))).toMatchObject({ code: 'DW_INGEST_DEAD', message: expect.stringContaining('no-such-file') as string });
  });

  test('answers that were sent before the end arrive', async () => {
    const service = start();
    const answers = Array.from({ length: 50 }, (_, i) => service.api.add(i, i));
    const quit = rejection(service.api.quit());
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
    await quit;
  });

  test('terminate twice, and after an end of its own, is fine', async () => {
    const service = start();
    await rejection(service.api.quit());
    await service.terminate();
    await service.terminate();
    expect(await service.threadDied).toMatchObject({ exitCode: 7, expected: false });
  });
});

test('an idle service lets its process end; one that owes an answer keeps it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [new URL('./workers/outlive.mjs', import.meta.url).pathname], { timeout: 20_000 });
  expect(stdout).toBe('sum 5\n');
});

test('exposeService is refused where nobody could call', () => {
  expect(() => exposeService({})).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }));
});

test('the error transfer understands a Comlink without us, and is understood by it', async () => {
  start(); // installs it in this thread
  const handler = comlink.transferHandlers.get('throw') as comlink.TransferHandler<unknown, { isError: boolean; value: unknown }>;
  expect(() => handler.deserialize({ isError: true, value: { name: 'RangeError', message: 'plain' } })).toThrow('plain');
  expect(() => handler.deserialize({ isError: false, value: 'text' })).toThrow('text');

  const { port1, port2 } = new MessageChannel();
  const plain = new Promise<{ value: { isError: boolean; value: object } }>((resolve) => port2.once('message', resolve));
  comlink.expose({ fail: () => { throw new DeepwaterError('DW_DISK_FULL', 'no room'); } }, port1 as unknown as comlink.Endpoint);
  port2.postMessage({ id: '1', type: 'APPLY', path: ['fail'], argumentList: [] });
  expect((await plain).value).toMatchObject({ isError: true, value: { name: 'DeepwaterError', message: 'no room' } });
  port2.close();
});
