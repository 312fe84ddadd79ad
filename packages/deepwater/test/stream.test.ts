import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type LostRange, type Platform, attachWriter } from '../dist/index.js';
import { TestProcess, failure, openPlatform } from './support.js';
import { CHECKED, T0, checked, isChecked } from './support-bus.js';

async function withFeed(extra: object = {}): Promise<{ platform: Platform; write: (from: number, to: number) => void }> {
  const platform = await openPlatform();
  await platform.createFeed({ ...CHECKED, ...extra });
  const writer = await platform.createWriter<typeof CHECKED>('checked');
  return { platform, write: (from, to) => { for (let n = from; n < to; n++) writer.writeValues(...checked(n)); } };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The first `count` items. */
async function first<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) if (items.push(item) === count) break;
  return items;
}

describe('stream', () => {
  test('gives the records that come after the call, as tuples, objects or batches of columns', async () => {
    const { platform, write } = await withFeed();
    write(0, 2000);
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const [tuples, objects, batches, few] = [reader.stream(), reader.stream({ format: 'object' }), reader.stream({ format: 'columns', batchRows: 70 }), reader.stream({ columns: ['ts', 'n'] })];
    write(2000, 2200);
    expect(await first(tuples, 200)).toEqual(numbers(2000, 2200).map(checked));
    expect((await first(objects, 1))[0]).toEqual({ n: 2000, hash: checked(2000)[1], low: 2000, ts: T0 + 2000 });
    expect(await first(few, 2)).toEqual([[T0 + 2000, 2000], [T0 + 2001, 2001]]);
    const segments = await first(batches, 3);
    expect(segments.map(({ rows, firstSequence }) => [rows, firstSequence])).toEqual([[70, 2000], [70, 2070], [60, 2140]]);
    expect([...segments[2]!.n]).toEqual(numbers(2140, 2200));
  });

  test('waits without holding up the event loop, for records one by one', async () => {
    const { platform, write } = await withFeed();
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const stream = reader.stream();
    for (let n = 0; n < 50; n++) {
      const next = stream.next();
      for (let turns = n % 5; turns > 0; turns--) await turn();
      expect([stream.position, stream.buffered]).toEqual([n, 0]);
      write(n, n + 1);
      expect(await next).toEqual({ value: checked(n), done: false });
    }
    await stream.return();
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('knows at each record where to go on', async () => {
    const { platform, write } = await withFeed();
    write(0, 9000);
    const reader = await platform.createReader<typeof CHECKED>('checked');
    let position = 0;
    const seen: number[] = [];
    // Left and begun again after 1, 2, 3, … records.
    for (let count = 1; position < 9000; count = Math.ceil(count * 1.7)) {
      const stream = reader.stream({ fromSequence: position });
      for (let k = 0; k < count && position < 9000; k++) {
        const { value } = await stream.next();
        seen.push(value![0]);
        position = stream.position;
      }
      await stream.return();
    }
    expect(seen).toEqual(numbers(0, 9000));
  });

  test('ends when its signal is aborted, before or while it waits, and when its loop is left', async () => {
    const { platform, write } = await withFeed();
    const reader = await platform.createReader<typeof CHECKED>('checked');
    expect(await first(reader.stream({ signal: AbortSignal.abort() }), 1)).toEqual([]);
    const abort = new AbortController();
    const waiting = first(reader.stream({ signal: abort.signal }), 100);
    write(0, 3);
    await turn();
    abort.abort();
    expect((await waiting).length).toBeLessThanOrEqual(3);
    const stream = reader.stream();
    const next = stream.next();
    await stream.return();
    expect(await next).toEqual({ value: undefined, done: true });
  });

  test('of a closed reader, or of a deleted feed, is an error', async () => {
    const { platform, write } = await withFeed();
    write(0, 10);
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const stream = reader.stream();
    const waiting = failure(() => stream.next());
    await turn();
    await reader.close();
    expect(await waiting).toMatchObject({ code: 'DW_READER_CLOSED' });
    await expect(failure(() => reader.stream())).resolves.toMatchObject({ code: 'DW_READER_CLOSED' });

    const other = await openPlatform(platform.basePath, { readOnly: true });
    const deleted = (await other.createReader('checked')).stream();
    const gone = failure(() => deleted.next());
    await (await platform.createWriter('checked')).close();
    await platform.deleteFeed('checked');
    expect(await gone).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
  });

  test.each([
    [{ format: 'raw' }, 'DW_FORMAT_UNKNOWN'], [{ format: 'segments' }, 'DW_FORMAT_UNKNOWN'], [{ columns: ['no'] }, 'DW_FIELD_UNKNOWN'], [{ begin: 0 }, 'DW_OPTION_INVALID'],
    [{ signal: {} }, 'DW_OPTION_INVALID'], [{ start: 1, fromSequence: 1 }, 'DW_OPTION_INVALID'], [{ playback: true }, 'DW_FEED_NOT_INDEXED'], [{ playback: 1 }, 'DW_OPTION_INVALID'], [{ batchRows: 0 }, 'DW_OPTION_INVALID'],
  ])('%j is refused', async (options, code) => {
    const { platform } = await withFeed();
    const reader = await platform.createReader('checked');
    await expect(failure(() => reader.stream(options as never))).resolves.toMatchObject({ code });
    await expect(failure(() => reader.streamSync({ allowMainThread: true, ...options } as never))).resolves.toMatchObject({ code });
  });

  test('of a memory feed tells what it lost, where it is lost', async () => {
    const { platform, write } = await withFeed({ persist: false, chunkSizeBytes: undefined });
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const ranges: LostRange[] = [];
    const stream = reader.streamSync({ allowMainThread: true, onLoss: (range) => ranges.push(range) });
    write(0, 4000);
    const seen = Array.from({ length: 896 }, () => stream.next().value![0]);
    expect(seen).toEqual(numbers(4000 - 896, 4000));
    expect(ranges).toEqual([{ from: 0, to: 4000 - 896 }]);
    expect(stream.lost).toBe(4000 - 896);
    stream.return();
  });
});

test('a stream goes on over writers that are closed, and killed', async () => {
  const { platform } = await withFeed();
  await platform.close();
  const other = await openPlatform(platform.basePath, { readOnly: true });
  const stream = (await other.createReader<typeof CHECKED>('checked')).stream({ start: 0 });
  let next = 0;
  for (let round = 0; round < 3; round++) {
    const writer = new TestProcess('bus-writer.mjs', platform.basePath, '5000', round === 1 ? 'close' : 'wait');
    expect(await writer.line()).toBe(`wrote ${(round + 1) * 5000}`);
    for (; next < (round + 1) * 5000; next++) {
      const { value } = await stream.next();
      if (!isChecked(value!, next)) expect.fail(`${String(value)} where ${next} was to come`);
    }
    if (round !== 1) writer.child.kill('SIGKILL');
    await writer.ended;
  }
  expect(stream.lost).toBe(0);
  await stream.return();
});

test('a writer handed to another thread wakes the streams of this one', async () => {
  const { platform } = await withFeed();
  const reader = await platform.createReader<typeof CHECKED>('checked');
  const stream = reader.stream();
  const next = stream.next();
  await turn();
  const attached = attachWriter(platform.writerHandle('checked'));
  attached.writeValues(...checked(0));
  expect((await next).value).toEqual(checked(0));
  attached.closeSync();
});
