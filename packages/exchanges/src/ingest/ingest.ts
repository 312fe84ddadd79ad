/**
 * Records of one source into feeds, for as long as it is wanted: the feeds of each symbol are made, the symbols shared out over as many connections
 * as the source needs, and what happens besides records is kept in a feed of events.
 *
 *     link 1 (AAA … ) ──▶ FeedSink ──▶ a writer for each symbol and channel
 *     link 2 (… ZZZ)  ──▶    │
 *                            └──▶ events feed: connected, gap, resynced, bad, disconnected; a segment boundary in the feeds that have a hole
 */
import { DeepwaterError, type Platform } from 'deepwater';
import { CaptureWriter } from '@deepwater/captures';
import { nowUs } from '../clock.js';
import type { ConnectionEvent } from '../connection.js';
import type { BadFrame, Channel } from '../exchange.js';
import { FeedSink } from '../records/feed-sink.js';
import type { Source } from '../source.js';
import { onlySymbolIn } from '../named-symbol.js';
import { account } from './account.js';
import { BadFrames } from './bad-frames.js';
import { isRound } from './is-round.js';
import { EventFeed, type RecordedEvent } from './event-feed.js';
import { KindCounts } from './kind-counts.js';
import { type IngestOptions, checkedChannels, checkedSymbols } from './options.js';
import { SetAside } from './set-aside.js';
import { type Shard, Shards } from './shards.js';
import type { IngestMetrics, IngestStatus } from './status.js';
import { metricsOf, statusOf } from './snapshot.js';
import { SymbolFeeds, recordsOf } from './symbol-feeds.js';
import { Tally } from './tally.js';

const LOOK_MS = 1000;

export class Ingest {
  readonly #symbols = new Map<string, SymbolFeeds>();
  readonly #sink: FeedSink;
  readonly #shards: Shards;
  readonly #startedMs = Date.now();
  #tally = new Tally();
  #looks: NodeJS.Timeout | undefined;
  #state: IngestStatus['state'] = 'running';
  #stopping: Promise<void> | undefined;
  /** Commands come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Unknown frames, by what is unknown of them. */
  readonly #unknown = new KindCounts();
  readonly #aside: SetAside;
  #atTally = new Map<string, number>();

  private constructor(
    private readonly platform: Platform, readonly source: Source, readonly channels: readonly Channel[], private readonly options: IngestOptions,
    private readonly events: EventFeed, private readonly badFrames: BadFrames, private readonly raw: CaptureWriter | undefined,
  ) {
    this.#sink = new FeedSink((symbol) => this.#symbols.get(symbol)?.writers ?? {}, {
      digits: true,
      amounts: options.amounts, onLatency: (channel, us) => { this.#tally.latency(channel, us); }, onFailure: (symbol, error) => { this.#fail(symbol, error); },
    });
    this.#aside = new SetAside(options.backoff, (symbol) => this.#takeUp(symbol));
    this.#shards = new Shards(source, channels, options.symbolsPerConnection, (shard) => this.#hooks(shard));
  }

  /**
   * Makes the feeds, connects, and goes on until `stop`. Connections that fail are tried again for ever; what is wrong in the call itself is refused here.
   * @throws DeepwaterError DW_SYMBOL_UNKNOWN, DW_OPTION_INVALID, DW_WRITER_EXISTS, DW_FEED_SPEC_CONFLICT, DW_OUTPUT_FAILED, and as createFeed does; nothing is left open then
   */
  static async start(platform: Platform, options: IngestOptions): Promise<Ingest> {
    const { source } = options;
    const channels = checkedChannels(source, options.channels);
    const onError = (error: DeepwaterError): void => { options.onError?.(error); };
    const badFrames = await BadFrames.open(options.recordBad, onError);
    let events: EventFeed | undefined;
    let raw: CaptureWriter | undefined;
    try {
      events = await EventFeed.open(platform, source);
      raw = options.recordRaw === undefined ? undefined : new CaptureWriter({ directory: options.recordRaw, name: source.name, onError });
      const ingest = new Ingest(platform, source, channels, options, events, badFrames, raw);
      ingest.#event({ kind: 'started', connection: 0, detail: channels.join(', ') });
      ingest.#looks = setInterval(() => { ingest.#look(); }, LOOK_MS).unref();
      ingest.#look();
      try {
        await ingest.subscribe(options.symbols);
      } catch (error) {
        await ingest.stop();
        throw error;
      }
      return ingest;
    } catch (error) {
      await events?.writer.close();
      await raw?.close();
      await badFrames.close();
      throw error;
    }
  }

  /**
   * Asks for more symbols; those that are there already stay as they are.
   * @returns the symbols that are new, as the exchange writes them
   * @throws DeepwaterError as `start`: none of them is subscribed then
   */
  subscribe(symbols: readonly string[]): Promise<string[]> {
    return this.#inTurn(async () => {
      this.#refuseStopped();
      const fresh = checkedSymbols(this.source, symbols).filter((symbol) => !this.#symbols.has(symbol));
      const opened: SymbolFeeds[] = [];
      try {
        for (const symbol of fresh) opened.push(await SymbolFeeds.open(this.platform, this.source, symbol, this.channels, this.options));
      } catch (error) {
        await Promise.allSettled(opened.map((feeds) => feeds.close()));
        throw error;
      }
      for (const feeds of opened) {
        this.#symbols.set(feeds.symbol, feeds);
        this.#sink.redirect(feeds.symbol, feeds.writers);
        if (feeds.lastTrade !== undefined) this.#sink.resume(feeds.symbol, feeds.lastTrade);
      }
      this.#shards.add(fresh);
      return fresh;
    });
  }

  /**
   * Asks for less. The feeds are closed, and stay.
   * @returns the symbols that were there, as the exchange writes them
   * @throws DeepwaterError DW_SYMBOL_UNKNOWN; what stands in the way of closing a feed
   */
  unsubscribe(symbols: readonly string[]): Promise<string[]> {
    return this.#inTurn(async () => {
      this.#refuseStopped();
      const gone = checkedSymbols(this.source, symbols).filter((symbol) => this.#symbols.has(symbol));
      await this.#shards.remove(gone);
      const feeds = gone.map((symbol) => this.#symbols.get(symbol) as SymbolFeeds);
      for (const symbol of gone) {
        this.#sink.redirect(symbol, {});
        this.#symbols.delete(symbol);
        this.#aside.forget(symbol);
        this.#event({ kind: 'unsubscribed', connection: 0, symbol });
      }
      await closeAll(feeds);
      return gone;
    });
  }

  status(): IngestStatus {
    return statusOf({ source: this.source, state: this.#state, startedMs: this.#startedMs, channels: this.channels, shards: this.#shards.list, feeds: this.#symbols, eventsFeed: this.events.name, raw: this.raw });
  }

  metrics(): IngestMetrics {
    return metricsOf(this.#tally, this.#symbols, this.channels, this.badFrames.counts, (feed) => this.#atTally.get(feed) ?? 0);
  }

  /** Counts from here on anew. */
  resetMetrics(): void {
    this.#tally = new Tally();
    this.#atTally = new Map([...this.#symbols.values()].flatMap(({ open }) => open.map((feed) => [feed.name, recordsOf(feed)] as const)));
    this.badFrames.reset();
    this.#look();
  }

  /** Ends all connections, then closes the feeds: everything that came is in them. Safe to call again. @throws DeepwaterError what stands in the way of closing a feed */
  stop(): Promise<void> {
    this.#stopping ??= this.#inTurn(() => this.#stop());
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping';
    clearInterval(this.#looks);
    this.#aside.close();
    await this.#shards.close();
    this.#event({ kind: 'stopped', connection: 0 });
    try {
      await closeAll([...this.#symbols.values()]);
    } finally {
      await this.raw?.close();
      await this.badFrames.close();
      await this.events.writer.close();
      this.#state = 'stopped';
    }
  }

  /** What a connection tells, and where its records go. */
  #hooks(shard: Shard) {
    const { options, raw } = this;
    return {
      records: this.#sink, urls: options.urls, backoff: options.backoff,
      lastTrade: (symbol: string) => this.#sink.lastTrade(symbol),
      onEvent: (event: ConnectionEvent) => { this.#told(shard, event); },
      onBad: (bad: BadFrame, frame: string, receivedUs: number) => { this.#bad(shard, bad, frame, receivedUs); },
      onError: (error: unknown) => { options.onError?.(error); },
      onFrame: (frame: string, receivedUs: number) => {
        this.#tally.frames += 1;
        this.#tally.bytes += frame.length;
        shard.lastFrameUs = receivedUs;
        raw?.received(shard.id, frame, receivedUs);
      },
      onTaken: (receivedUs: number) => { this.#tally.handling.add(nowUs() - receivedUs); },
      onSent: (frame: string) => { raw?.sent(shard.id, frame, nowUs()); },
      onReply: (url: string, body: string) => { raw?.replied(url, body, nowUs()); },
    };
  }

  #told(shard: Shard, event: ConnectionEvent): void {
    const symbol = 'symbol' in event ? event.symbol : undefined;
    account(event, {
      shard, tally: this.#tally, feeds: symbol === undefined ? undefined : this.#symbols.get(symbol), all: () => this.#feedsOf(shard),
      mark: (feeds, reason, channel) => { this.#mark(feeds, reason, channel); },
    });
    if (event.kind === 'connected') this.raw?.connected(shard.id, event.detail, nowUs());
    if (event.kind === 'disconnected') this.raw?.disconnected(shard.id);
    if (event.kind === 'unknown' && !isRound(this.#unknown.add(event.detail ?? ''))) return;
    const numbers = 'expected' in event ? { expected: event.expected, found: event.found } : {};
    const channel = 'channel' in event ? event.channel : undefined;
    this.#event({ kind: event.kind, connection: shard.id, symbol, channel, ...numbers, sinceUs: shard.lastFrameUs, detail: event.detail });
  }

  #mark(feeds: SymbolFeeds, reason: string, channel?: string): void {
    if (feeds.failure !== undefined) return;
    try {
      feeds.mark(reason, channel as Channel | undefined);
    } catch (error) {
      this.#fail(feeds.symbol, error);
    }
  }

  /** A record of a symbol, or a boundary, cannot be written: the others go on without it. */
  #fail(symbol: string, error: unknown): void {
    const feeds = this.#symbols.get(symbol);
    const ms = feeds === undefined || this.#state !== 'running' ? undefined : this.#aside.add(symbol);
    this.options.onError?.(error);
    if (feeds === undefined || ms === undefined) return;
    feeds.failure = (error as Error).message;
    this.#sink.redirect(symbol, {});
    this.#event({ kind: 'failed', connection: this.#shards.of(symbol)?.id ?? 0, symbol, detail: feeds.failure });
    // Not now: it may be in the middle of a frame.
    void this.#inTurn(async () => {
      if (this.#symbols.get(symbol) !== feeds) return;
      this.#shards.of(symbol)?.link.unsubscribe([symbol]);
      feeds.markWhereItCan(`failed: ${feeds.failure ?? ''}`);
      await feeds.close().catch((why: unknown) => { this.options.onError?.(why); });
    });
  }

  /** @throws what stands in the way still */
  async #takeUp(symbol: string): Promise<void> {
    await this.#inTurn(async () => {
      const feeds = this.#symbols.get(symbol);
      if (feeds === undefined || this.#state !== 'running') return;
      await feeds.reopen(this.platform);
      this.#sink.redirect(symbol, feeds.writers);
      this.#shards.of(symbol)?.link.subscribe({ symbols: [symbol], channels: this.channels });
    });
  }

  #feedsOf(shard: Shard): SymbolFeeds[] {
    return [...shard.symbols].flatMap((symbol) => this.#symbols.get(symbol) ?? []);
  }

  #bad(shard: Shard, bad: BadFrame, frame: string, receivedUs: number): void {
    const count = this.badFrames.add(this.source.name, shard.id, bad, frame, receivedUs);
    const symbol = onlySymbolIn(frame, shard.symbols);
    const feeds = symbol === undefined ? undefined : this.#symbols.get(symbol);
    if (feeds !== undefined) feeds.bad += 1;
    if (isRound(count)) this.#event({ kind: 'bad', connection: shard.id, symbol, found: count, sinceUs: shard.lastFrameUs, detail: bad.message });
  }

  #event(event: RecordedEvent): void {
    try {
      this.events.write(nowUs(), event);
    } catch (error) {
      this.options.onError?.(error);
    }
    this.options.onEvent?.(event);
  }

  #look(): void {
    const now = performance.now();
    this.#tally.look(now);
    for (const feeds of this.#symbols.values()) feeds.look(now);
  }

  #refuseStopped(): void {
    if (this.#state === 'running') return;
    throw new DeepwaterError('DW_OPTION_INVALID', `The ingest of ${this.source.title} is ${this.#state}; start a new one.`, { values: { source: this.source.name } });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

async function closeAll(feeds: readonly SymbolFeeds[]): Promise<void> {
  const ends = await Promise.allSettled(feeds.map((each) => each.close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
