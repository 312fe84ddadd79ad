import { afterEach, describe, expect, test } from 'vitest';
import { BadFrame, ExchangeConnection, type Link, SourceConnection, type StreamHost, type StreamSource, type Wanted, kraken, newLink } from '../dist/index.js';
import { KeptRecords, runOf } from './support/stream-run.js';

const links: Link[] = [];
afterEach(async () => { for (const link of links.splice(0)) await link.close(); });

/** A source whose runs are what the test makes of them. */
class Scripted implements StreamSource {
  readonly name = 'scripted';
  readonly title = 'Scripted';
  readonly market = 'spot';
  readonly channels = ['trades', 'book'] as const;
  readonly tradeIds = 'number';
  limits: StreamSource['limits'] = { symbolsMax: 10 };
  readonly runs: { wanted: Wanted; host: StreamHost; end: (error?: unknown) => void }[] = [];
  /** Whether runs end when they are told to. */
  obeys = true;
  symbolOf = (typed: string): string => typed;

  run = (wanted: Wanted, host: StreamHost): Promise<void> => new Promise((resolve, reject) => {
    const end = (error?: unknown): void => { if (error === undefined) resolve(); else reject(error as Error); };
    if (this.obeys) host.signal.addEventListener('abort', () => { end(); });
    this.runs.push({ wanted, host, end });
  });

  async nth(n: number) {
    await expect.poll(() => this.runs.length).toBeGreaterThanOrEqual(n);
    return this.runs[n - 1]!;
  }
}

const WANTED: Wanted = { symbols: ['A', 'B'], channels: ['trades'] };

function begin(source = new Scripted(), options = {}, wanted = WANTED) {
  const run = runOf(source, wanted, options);
  links.push(run.link);
  run.link.open();
  return { source, ...run };
}

describe('a source with a transport of its own', () => {
  test('is run by one kind of connection, an exchange by the other', () => {
    const records = new KeptRecords();
    expect(newLink(new Scripted(), WANTED, { records })).toBeInstanceOf(SourceConnection);
    const link = newLink(kraken, WANTED, { records });
    expect(link).toBeInstanceOf(ExchangeConnection);
    expect(link.source).toBe(kraken);
  });

  test('is open with what it says of itself, or with its first record', async () => {
    const { source, link, events, records } = begin();
    expect([link.state, source.runs.length]).toEqual(['connecting', 0]);
    const { host, wanted, end } = await source.nth(1);
    expect([wanted, link.state]).toEqual([WANTED, 'connecting']);
    host.connected('block 5');
    host.records.of('A').trade(1, 2, 3, 'B', '4', '5');
    expect([link.state, records.written]).toEqual(['open', [['trade', 'A', 1, 2, 3, 'B', '4', '5']]]);
    end();
    const again = await source.nth(2);
    expect(link.state).toBe('connecting');
    again.host.records.of('B').trade(1, 2, 4, 'S', '4', '5');
    expect(link.state).toBe('open');
    expect(events).toEqual([
      { kind: 'connected', detail: 'block 5' },
      { kind: 'disconnected', detail: 'the source has ended', afterMs: expect.any(Number) as number },
      { kind: 'connected', detail: 'Scripted' },
    ]);
  });

  test('that fails is run again, ever more slowly, and says why', async () => {
    const { source, events, link } = begin(new Scripted(), { backoff: { minMs: 10, maxMs: 40 } });
    for (let n = 1; n <= 5; n++) (await source.nth(n)).end(new Error(`no node at ${n}`));
    await expect.poll(() => events.length).toBe(5);
    expect(link.state).toBe('waiting');
    const waits = events.map((event) => (event.kind === 'disconnected' ? event.afterMs : NaN));
    waits.forEach((ms, i) => { expect(ms).toBeGreaterThanOrEqual(Math.min(40, 10 * 2 ** i) / 2); expect(ms).toBeLessThanOrEqual(Math.min(40, 10 * 2 ** i)); });
    expect(events.map(({ detail }) => detail)).toEqual([1, 2, 3, 4, 5].map((n) => `no node at ${n}`));
  });

  test('that throws at once, before it is even a promise, is no different', async () => {
    const source = new Scripted();
    let calls = 0;
    source.run = () => {
      calls++;
      throw new Error('no key');
    };
    const { events } = begin(source);
    await expect.poll(() => calls).toBeGreaterThan(2);
    expect(events[0]).toMatchObject({ kind: 'disconnected', detail: 'no key' });
  });

  test('is over where it is silent for longer than it says; a sign of life is enough', async () => {
    const source = new Scripted();
    source.limits = { symbolsMax: 1, silenceMs: 120 };
    const { events } = begin(source);
    const { host } = await source.nth(1);
    const beat = setInterval(() => { host.alive(); }, 10);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect([source.runs.length, events.map(({ kind }) => kind)]).toEqual([1, ['connected']]);
    clearInterval(beat);
    await source.nth(2);
    expect(events[1]).toMatchObject({ kind: 'disconnected', detail: expect.stringMatching(/^silent for \d+ ms$/) as string });
    expect(host.signal.aborted).toBe(true);
  });

  test('writes nothing any more when its run is over, and nothing of symbols that nobody wants', async () => {
    const { source, records, link, events, bad, frames } = begin();
    const { host, end } = await source.nth(1);
    const a = host.records.of('A');
    expect(() => host.records.of('C')).toThrow(BadFrame);
    end();
    await source.nth(2);
    const told = events.length;
    a.trade(1, 2, 3, 'B', '4', '5');
    expect(() => host.records.of('B')).toThrow(BadFrame);
    host.event({ kind: 'gap' });
    host.connected();
    host.alive();
    host.frame('late', () => { throw new Error('not read'); });
    host.bad(new BadFrame('late'), 'late');
    expect([records.written, events.length, bad, frames]).toEqual([[], told, [], []]);
    await link.close();
    expect(link.state).toBe('closed');
  });

  test('that can follow is told of other symbols; one that cannot is run again with them', async () => {
    const { source, link, events, records } = begin();
    const first = await source.nth(1);
    link.subscribe({ symbols: ['C'], channels: ['book'] });
    const second = await source.nth(2);
    expect(first.host.signal.aborted).toBe(true);
    expect(second.wanted).toEqual({ symbols: ['A', 'B', 'C'], channels: ['trades', 'book'] });
    expect(events).toEqual([{ kind: 'disconnected', detail: 'other symbols are wanted', afterMs: 0 }]);
    const changes: Wanted[] = [];
    second.host.onWanted((wanted) => { changes.push(wanted); });
    link.unsubscribe(['A', 'C']);
    link.subscribe({ symbols: ['D'], channels: [] });
    expect(changes).toEqual([{ symbols: ['B'], channels: ['trades', 'book'] }, { symbols: ['B', 'D'], channels: ['trades', 'book'] }]);
    second.host.records.of('D').trade(1, 2, 3, 'B', '4', '5');
    expect(() => second.host.records.of('A')).toThrow(BadFrame);
    expect([source.runs.length, records.written.length]).toEqual([2, 1]);
  });

  test('a message that cannot be read is kept aside, and what can be read of a book is', async () => {
    const { source, records, bad, frames, events } = begin(new Scripted(), {}, { symbols: ['A'], channels: ['trades', 'book'] });
    const { host } = await source.nth(1);
    records.unholdable.add('1e99');
    host.frame('{"first":1}', () => { throw new BadFrame('no side'); });
    host.frame('{"book":1}', (receivedUs) => {
      const book = host.records.of('A');
      book.beginBook(5, receivedUs, true, 0, 0);
      for (const price of ['1', '1e99', '2']) book.level('B', price, '1');
      book.endBook();
    });
    host.frame('{"half":1}', () => {
      host.records.of('A').beginBook(6, 6, false, 0, 0);
      throw new BadFrame('level missing');
    });
    host.frame('{"trade":1}', (receivedUs) => { host.records.of('A').trade(7, receivedUs, 1, 'B', '1', '1'); });
    host.bad(new BadFrame('odd'), 'by hand');
    expect(bad).toEqual([['no side', '{"first":1}'], ['a value that does not fit', '{"book":1}'], ['level missing', '{"half":1}'], ['odd', 'by hand']]);
    expect(frames.length).toBe(4);
    expect(records.written.map(([kind, , first, second]) => [kind, kind === 'level' ? second : first])).toEqual([
      ['beginBook', 5], ['level', '1'], ['level', '2'], ['endBook', undefined], ['beginBook', 6], ['trade', 7],
    ]);
    // The book is told as lost once, until a snapshot has come whole; a snapshot that has not is one more.
    const gap = (why: string) => ({ kind: 'gap', symbol: 'A', channel: 'book', detail: `cannot be read: ${why}` });
    expect(events.slice(1)).toEqual([gap('a value that does not fit')]);
    for (const price of ['1e99', '3']) {
      host.frame('{"book":2}', () => {
        host.records.of('A').beginBook(8, 8, true, 0, 0);
        host.records.of('A').level('B', price, '1');
        host.records.of('A').endBook();
      });
    }
    host.frame('{"half":2}', () => {
      host.records.of('A').beginBook(9, 9, false, 0, 0);
      throw new BadFrame('level missing');
    });
    expect(events.slice(2)).toEqual([gap('a value that does not fit'), { kind: 'resynced', symbol: 'A', channel: 'book' }, gap('level missing')]);
  });

  test.each([
    ['a level without a book', (host: StreamHost) => { host.records.of('A').level('B', '1', '1'); }, 'a level of A came without a beginBook'],
    ['the end of no book', (host: StreamHost) => { host.records.of('A').endBook(); }, 'an endBook of A came without a beginBook'],
    ['a trade within a book', (host: StreamHost) => { host.records.of('A').beginBook(1, 1, true, 0, 0); host.records.of('A').trade(1, 1, 1, 'B', '1', '1'); }, 'a trade of A came between beginBook and endBook'],
  ])('%s ends the run: it is a mistake in its code', async (_what, wrong, message) => {
    const source = new Scripted();
    source.run = async (_wanted, host) => { await Promise.resolve(); wrong(host); };
    const { events } = begin(source);
    await expect.poll(() => events.some((event) => event.kind === 'disconnected' && event.detail === message)).toBe(true);
  });

  test('a full disk is told as what it is, even where the source catches everything', async () => {
    const { source, records, errors, events } = begin();
    const { host } = await source.nth(1);
    const full = new Error('no space left');
    records.broken = full;
    try {
      host.records.of('A').trade(1, 2, 3, 'B', '4', '5');
    } catch {
      // As careless sources do.
    }
    expect(errors).toEqual([full]);
    expect(events.at(-1)).toMatchObject({ kind: 'disconnected', detail: 'a record cannot be written: no space left' });
    await source.nth(2);
  });

  test('a run that does not end is waited for a second, and no longer', async () => {
    const { source, link } = begin();
    await source.nth(1);
    source.obeys = false;
    link.subscribe({ symbols: ['C'], channels: [] });
    await source.nth(2);
    const since = performance.now();
    await link.close();
    expect(performance.now() - since).toBeGreaterThan(900);
    expect(link.state).toBe('closed');
  });

  test('closed while it waits, it is not begun again', async () => {
    const { source, link, events } = begin(new Scripted(), { backoff: { minMs: 50, maxMs: 50 } });
    (await source.nth(1)).end();
    await expect.poll(() => events.length).toBe(1);
    await link.close();
    await new Promise((resolve) => { setTimeout(resolve, 120); });
    expect([source.runs.length, link.state]).toEqual([1, 'closed']);
  });
});
