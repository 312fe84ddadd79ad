/**
 * One connection to an exchange for as long as it is wanted: made, kept alive, given up where it says nothing any more, and made again. What its
 * frames mean is the session's matter (exchange.ts); each connection has a new one.
 *
 *     connecting ──▶ open ──▶ waiting ──▶ connecting …        until close()
 */
import { type DeepwaterError, describeValue } from '@deepwater/core';
import WebSocket, { type RawData } from 'ws';
import { usOf } from './clock.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import { BadFrame, type Exchange, type ExchangeSession, type SessionEvent, type Wanted, bothWanted } from './exchange.js';
import type { Link } from './link.js';
import { getText } from './rest.js';
import type { RecordSink } from './record-sink.js';
import { SendQueue } from './send-queue.js';

/** What becomes of a connection besides what its session tells. */
export type ConnectionEvent =
  | SessionEvent
  /** The socket is open. */
  | { readonly kind: 'connected'; readonly detail: string }
  /** It is no more, or never came to be; the next attempt comes after `afterMs`. */
  | { readonly kind: 'disconnected'; readonly detail: string; readonly afterMs: number };

export interface ConnectionOptions {
  readonly records: RecordSink;
  /** Other endpoints than the exchange's own: a replay server's, a proxy's. */
  readonly urls?: { readonly ws?: string | undefined; readonly rest?: string | undefined } | undefined;
  readonly onEvent?: (event: ConnectionEvent) => void;
  /** Told of each frame that could not be read, wholly or in part; the stream goes on. */
  readonly onBad?: (bad: BadFrame, frame: string, receivedUs: number) => void;
  /** Told of each text frame before anything is made of it. */
  readonly onFrame?: (frame: string, receivedUs: number) => void;
  /** Told when everything that a frame says is written, or is known to be bad. */
  readonly onTaken?: (receivedUs: number) => void;
  /** Told of each frame that is sent, and of each answer to a REST request. */
  readonly onSent?: (frame: string) => void;
  readonly onReply?: (url: string, body: string) => void;
  /**
   * Told of what is no frame's fault: a record that cannot be written, since the disk is full or the writer is closed. The connection is given up and made
   * again after a while, so that nothing is passed over unnoticed.
   */
  readonly onError?: (error: unknown) => void;
  /** See SessionHost.lastTrade. */
  readonly lastTrade?: ((symbol: string) => number | undefined) | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

/** An exchange's largest frames are snapshots of whole books: Coinbase's have some 10 MB. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;
const HANDSHAKE_MS = 15_000;
/**
 * Compression is not offered: what is compressed is inflated in another thread, one message after the other, which takes longer than parsing it, and
 * comes later than its receipt would be told.
 */
const SOCKET = { handshakeTimeout: HANDSHAKE_MS, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false };
/** How long the other side may take to answer the end of a connection. */
const CLOSING_MS = 1000;
/** A connection that lived so long was a good one: the next attempt after it comes soon. */
const GOOD_AFTER_MS = 10_000;

export class ExchangeConnection implements Link {
  #socket: WebSocket | undefined;
  #session: ExchangeSession | undefined;
  #sends: SendQueue | undefined;
  /** How many there were; at the end of each, one more. */
  #sessions = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #backoff: Backoff;
  #wanted: Wanted;
  #heardMs = 0;
  #openedMs = 0;
  #closed = false;
  #again: NodeJS.Timeout | undefined;

  constructor(readonly exchange: Exchange, wanted: Wanted, private readonly options: ConnectionOptions) {
    this.#wanted = wanted;
    this.#backoff = new Backoff(options.backoff);
  }

  get source(): Exchange {
    return this.exchange;
  }

  get state(): 'connecting' | 'open' | 'waiting' | 'closed' {
    if (this.#closed) return 'closed';
    if (this.#socket === undefined) return 'waiting';
    return this.#socket.readyState === WebSocket.OPEN ? 'open' : 'connecting';
  }

  /** Connects; to be called once. */
  open(): void {
    if (this.#closed || this.#socket !== undefined) return;
    const { exchange, options } = this;
    this.#again = undefined;
    // A session that is told of something while its connection ends, or after it, has nothing to do with the next one.
    const number = ++this.#sessions;
    const lives = (): boolean => number === this.#sessions;
    const host = {
      records: options.records,
      send: (text: string) => { if (lives()) this.#sends?.send(text); },
      get: (path: string) => this.#get(path),
      after: (ms: number, call: () => void) => (lives() ? this.#after(ms, call) : () => undefined),
      restart: (reason: string) => { if (lives()) this.#end(reason); },
      event: (event: SessionEvent) => { options.onEvent?.(event); },
      ...(options.lastTrade === undefined ? {} : { lastTrade: options.lastTrade }),
    };
    const session = exchange.newSession(this.#wanted, host);
    const url = `${(options.urls?.ws ?? exchange.endpoints.ws).replace(/\/$/, '')}${session.path}`;
    const socket = new WebSocket(url, SOCKET);
    this.#session = session;
    this.#socket = socket;
    socket.on('open', () => { if (socket === this.#socket) this.#opened(url, session); });
    socket.on('message', (data, binary) => { if (socket === this.#socket) this.#message(session, data, binary); });
    socket.on('ping', () => { this.#heardMs = performance.now(); });
    socket.on('pong', () => { this.#heardMs = performance.now(); });
    socket.on('error', (error) => { if (socket === this.#socket) this.#end(error.message); });
    socket.on('close', (code, reason) => { if (socket === this.#socket) this.#end(`closed with ${code}${reason.length > 0 ? ` (${reason.toString('utf8')})` : ''}`); });
  }

  /** Asks for more, on this connection and those after it. */
  subscribe(more: Wanted): void {
    this.#wanted = bothWanted(this.#wanted, more);
    if (this.state === 'open') this.#session?.subscribe(more);
  }

  /** Asks for less: some symbols, in all channels. */
  unsubscribe(symbols: readonly string[]): void {
    const { channels } = this.#wanted;
    this.#wanted = { symbols: this.#wanted.symbols.filter((symbol) => !symbols.includes(symbol)), channels };
    if (this.state === 'open') this.#session?.unsubscribe({ symbols, channels });
  }

  /** Ends it for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#again);
    const socket = this.#letGo();
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const ended = new Promise((resolve) => { socket.once('close', resolve); });
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    else socket.terminate();
    const late = setTimeout(() => { socket.terminate(); }, CLOSING_MS);
    await ended;
    clearTimeout(late);
  }

  #opened(url: string, session: ExchangeSession): void {
    const { limits } = this.exchange;
    const now = performance.now();
    this.#heardMs = this.#openedMs = now;
    this.#sends = new SendQueue(limits.sendsPerSecond, (text) => {
      this.#socket?.send(text);
      this.options.onSent?.(text);
    });
    this.options.onEvent?.({ kind: 'connected', detail: url });
    this.#watch(limits.silenceMs);
    if (limits.lifeMs !== undefined) this.#after(limits.lifeMs * (0.9 + 0.09 * Math.random()), () => { this.#end('the exchange ends connections of this age'); });
    session.open();
  }

  async #get(path: string): Promise<string> {
    const endpoint = this.options.urls?.rest ?? this.exchange.endpoints.rest;
    const body = await getText(endpoint, path);
    this.options.onReply?.(`${endpoint ?? ''}${path}`, body);
    return body;
  }

  /** Gives the connection up once nothing was heard for too long. */
  #watch(silenceMs: number): void {
    this.#after(silenceMs / 4, () => {
      const silentMs = performance.now() - this.#heardMs;
      if (silentMs >= silenceMs) this.#end(`silent for ${Math.round(silentMs)} ms`);
      else this.#watch(silenceMs);
    });
  }

  #message(session: ExchangeSession, data: RawData, binary: boolean): void {
    const nowMs = performance.now();
    const receivedUs = usOf(nowMs);
    this.#heardMs = nowMs;
    const text = (data as Buffer).toString('utf8');
    try {
      if (binary) throw new BadFrame('binary frame');
      this.options.onFrame?.(text, receivedUs);
      session.frame(text, receivedUs);
      this.options.onTaken?.(receivedUs);
    } catch (error) {
      if (error instanceof BadFrame) {
        this.options.onBad?.(error, text, receivedUs);
        this.options.onTaken?.(receivedUs);
        return;
      }
      this.options.onError?.(error);
      this.#end(`a record cannot be written: ${(error as DeepwaterError).message ?? describeValue(error)}`);
    }
  }

  /** @returns the socket, which nobody listens to any more but for errors */
  #letGo(): WebSocket | undefined {
    const socket = this.#socket;
    this.#sessions += 1;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#sends?.close();
    this.#session?.close();
    this.#socket = this.#session = this.#sends = undefined;
    return socket;
  }

  #end(reason: string): void {
    const socket = this.#letGo();
    if (socket === undefined || this.#closed) return;
    socket.terminate();
    if (this.#openedMs > 0 && performance.now() - this.#openedMs >= GOOD_AFTER_MS) this.#backoff.reset();
    this.#openedMs = 0;
    const afterMs = this.#backoff.next();
    this.#again = setTimeout(() => { this.open(); }, afterMs);
    this.options.onEvent?.({ kind: 'disconnected', detail: reason, afterMs });
  }

  #after(ms: number, call: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }
}
