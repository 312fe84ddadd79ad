import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { BELL, SUBSCRIBER } from '@deepwater/core';
import { Bell, SubscriberRow, subscribersOf } from '../dist/index.js';
import { afterThisTest, temporaryDirectory } from './ring-fixtures.js';

const ROWS = Math.floor((BELL.FILE_BYTES - BELL.SUBSCRIBERS) / SUBSCRIBER.ROW_BYTES);
const script = new URL('./workers/table-row.mjs', import.meta.url);

function table(): { path: string; buffer: SharedArrayBuffer } {
  const file = path.join(temporaryDirectory(), 'it.bell');
  return { path: file, buffer: Bell.create(file, 'owner').word.buffer as SharedArrayBuffer };
}

async function inProcess(file: string, position: number): Promise<ChildProcess> {
  const child = fork(script, [file, String(position)], { execArgv: [] });
  afterThisTest(() => { child.kill('SIGKILL'); });
  await once(child, 'message');
  return child;
}

describe('the table of subscribers', () => {
  test('tells of each where it is and what it lost, until it goes', () => {
    const { buffer } = table();
    expect(subscribersOf(buffer)).toEqual([]);
    const early = SubscriberRow.claim(buffer, 7)!;
    const late = SubscriberRow.claim(buffer, 2 ** 52)!;
    early.tell(2 ** 40 + 1, 3);
    expect(subscribersOf(buffer).map(({ pid, position, lost }) => [pid, position, lost])).toEqual([
      [process.pid, 2 ** 40 + 1, 3], [process.pid, 2 ** 52, 0],
    ]);
    early.release();
    expect(subscribersOf(buffer).map(({ position }) => position)).toEqual([2 ** 52]);
    late.tell(2 ** 52 + 1, 0);
    early.tell(1, 1);
    early.release();
    expect(subscribersOf(buffer).map(({ position }) => position)).toEqual([2 ** 52 + 1]);
  });

  test('has a row for each thread, and none any more when the thread has ended without a word', async () => {
    const { buffer } = table();
    const worker = new Worker(script, { workerData: { buffer, position: 5 } });
    await once(worker, 'message');
    const mine = SubscriberRow.claim(buffer, 6);
    expect(mine).toBeDefined();
    const [there, here] = subscribersOf(buffer);
    expect([there?.position, here?.position]).toEqual([5, 6]);
    expect(there?.thread).not.toBe(here?.thread);
    await worker.terminate();
    await expect.poll(() => subscribersOf(buffer).map(({ position }) => position), { timeout: 10_000 }).toEqual([6]);
    // Its row is taken again once no other is free.
    for (let i = 1; i < ROWS; i++) expect(SubscriberRow.claim(buffer, i)).toBeDefined();
    expect(SubscriberRow.claim(buffer, 0)).toBeUndefined();
  });

  test('lists no process that was killed, and gives its row to the next where no other is free', async () => {
    const { path: file, buffer } = table();
    const child = await inProcess(file, 11);
    expect(subscribersOf(buffer).map(({ pid, position }) => [pid, position])).toEqual([[child.pid, 11]]);
    const rows = Array.from({ length: ROWS - 1 }, (_, i) => SubscriberRow.claim(buffer, i));
    expect(rows.every((row) => row !== undefined)).toBe(true);
    expect(SubscriberRow.claim(buffer, 0)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(subscribersOf(buffer)).toHaveLength(ROWS - 1);
    expect(SubscriberRow.claim(buffer, 12)).toBeDefined();
    expect(subscribersOf(buffer)).toHaveLength(ROWS);
  });

  test('begins behind the word that sleepers set, and never touches it', () => {
    const { buffer } = table();
    const word = new Int32Array(buffer, BELL.WORD, 1);
    word[0] = 3;
    for (let i = 0; i < ROWS; i++) SubscriberRow.claim(buffer, i)!.tell(-1, -1);
    expect(word[0]).toBe(3);
  });
});
