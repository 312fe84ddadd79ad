import { Ingest, recordFeedName } from '@deepwater/exchanges';
import { type Benchmark, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { startSender } from '../lib/exchange/frame-sender.js';
import { followRecords } from '../lib/exchange/records-follower.js';
import { recordingsFolder } from '../lib/exchange/recordings.js';
import { BINANCE } from '../lib/exchange/venues.js';
import { sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { threadSeconds } from '../lib/thread-time.js';

const SYMBOLS = 200;
const SYMBOLS_A_CONNECTION = 10;
const MESSAGES_PER_S = 20_000;
/** A connection asks for a snapshot every 0.6 s: so long until all books run. */
const WARM_UP_MS = 8000;

const settle = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

export const ingestMany: Benchmark = {
  name: 'ingest-many',
  title: '200 symbols of an exchange on 20 connections, 20,000 messages a second in all',
  run: (context) => {
    if (recordingsFolder() === undefined) {
      context.progress('left out: there are no recordings beside the repository (DEEPWATER_RECORDINGS names another place)');
      return Promise.resolve([]);
    }
    return withStore(context.directory, async (platform) => {
      const seconds = context.pick(10, 2);
      const symbols = Array.from({ length: SYMBOLS }, (_, i) => `SYM${String(i).padStart(3, '0')}USDT`);
      const messages = MESSAGES_PER_S * (WARM_UP_MS / 1000 + seconds);
      const sender = await startSender({ symbols, messagesPerS: MESSAGES_PER_S, messages });
      const problems: string[] = [];
      try {
        const ingest = await Ingest.start(platform, {
          source: BINANCE.exchange, symbols, channels: BINANCE.channels, urls: sender.urls, symbolsPerConnection: SYMBOLS_A_CONNECTION,
          onError: (error) => { problems.push(String(error)); },
          onEvent: ({ kind, symbol, detail }) => { if (kind === 'gap' || kind === 'bad' || kind === 'disconnected' || kind === 'refused') problems.push(`${kind} ${symbol ?? ''} ${detail ?? ''}`); },
        });
        while (ingest.status().connections.some(({ state }) => state !== 'open')) await settle(10);
        context.progress(`${ingest.status().connections.length} connections are open`);
        const follower = await followRecords({ handle: platform.subscription(recordFeedName(BINANCE.exchange, symbols[0], 'quotes')) }, 'park', 500);
        const sending = sender.send(300_000);
        await settle(WARM_UP_MS);
        ingest.resetMetrics();
        const cpu = process.cpuUsage();
        const began = nowNs();
        const beganS = threadSeconds();
        await settle(seconds * 1000 - 500);
        const elapsed = (nowNs() - began) / 1e9;
        const threadCores = (threadSeconds() - beganS) / elapsed;
        const { user, system } = process.cpuUsage(cpu);
        const metrics = ingest.metrics();
        const { sent, latestMs } = await sending;
        await settle(500);
        const seen = await follower.end();
        // Every symbol was sent the same frames.
        const quotes = ingest.status().symbols.map(({ feeds }) => feeds.find(({ channel }) => channel === 'quotes')?.records);
        const uneven = quotes.filter((count) => count !== quotes[0]).length;
        if (seen.lost > 0) problems.push(`${seen.lost} records lost`);
        await ingest.stop();
        if (uneven > 0 || quotes[0] !== seen.messages) problems.push(`${uneven} of ${SYMBOLS} symbols have other quotes than the first, which has ${quotes[0]}; its subscriber saw ${seen.messages}`);
        const perS = metrics.frames / elapsed;
        if (perS < MESSAGES_PER_S * 0.97) problems.push(`${Math.round(perS)} messages/s came: the rate was not kept`);
        const what = `${SYMBOLS} symbols of Binance USD-M on ${SYMBOLS / SYMBOLS_A_CONNECTION} connections, ${MESSAGES_PER_S.toLocaleString('en')} messages/s in all, into ${3 * SYMBOLS} feeds`;
        const notes = [
          `${sent.toLocaleString('en')} messages, ${Math.round(metrics.records / elapsed).toLocaleString('en')} records/s; the sender, a process of its own, was ${latestMs.toFixed(0)} ms behind at most; nothing was lost and no gap found`,
        ];
        const us = (value: number | undefined) => sampleOf([value ?? NaN]);
        return [
          line({ id: 'ingest-many', what: `${what}: processor of the whole process, sockets and writing included`, unit: 'cores', sample: sampleOf([(user + system) / 1e6 / elapsed]), problems, notes: [...notes, `of it the thread that reads sockets, parses and publishes: ${threadCores.toFixed(2)}`] }),
          line({ id: 'ingest-many-handling-p50', what: 'the same: from a frame\'s receipt to its last record in the ring, p50', unit: 'us', sample: us(metrics.handling?.p50), problems }),
          line({ id: 'ingest-many-handling-p99', what: 'the same, p99', unit: 'us', sample: us(metrics.handling?.p99), problems }),
          line({ id: 'ingest-many-hop-p50', what: 'the same: from a frame\'s receipt to a parked subscriber of one symbol\'s quotes, p50', unit: 'us', sample: us(seen.p50Ns / 1000), problems }),
          line({ id: 'ingest-many-hop-p99', what: 'the same, p99', unit: 'us', sample: us(seen.p99Ns / 1000), problems }),
        ];
      } finally {
        sender.end();
      }
    });
  },
};
