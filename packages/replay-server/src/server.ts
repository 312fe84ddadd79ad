import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeepwaterError } from '@deepwater/core';
import { WebSocketServer } from 'ws';
import type { CapturedFrame } from '@deepwater/captures';
import { readCaptures } from '@deepwater/captures';
import { ClientConnection } from './client-connection.js';
import type { ReplayControl, ReplayStatus } from './control.js';
import { checkFault } from './faults/check-fault.js';
import { FaultPlan } from './faults/fault-plan.js';
import type { Fault, FaultRecord } from './faults/fault.js';
import { HttpRequests } from './http-requests.js';
import { checkOptions, type ReplayOptions } from './options.js';
import { Playback } from './playback.js';
import { marketOf, type VenueName } from './venues/registry.js';
import type { Market } from './venues/venue.js';

/** Longest message of a client. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
const NORMAL_CLOSURE = 1000;
const SERVICE_RESTART = 1012;

/** A running server. */
export interface ReplayServer {
  /** Where it is: `ws://127.0.0.1:9001` and `http://127.0.0.1:9001`, to be followed by the venue's own paths. */
  readonly url: { readonly ws: string; readonly rest: string };
  /** The faults that have struck, in their order. */
  readonly faults: readonly FaultRecord[];
  readonly control: ReplayControl;
  /** Everything has been played and sent (never with `end: 'loop'`), or the server is closed. */
  readonly done: Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads captures and plays them in the venue's protocol, at 127.0.0.1.
 * @throws DeepwaterError DW_OPTION_INVALID for options or captures that cannot be used, DW_SYSTEM_CALL for a port that is taken
 */
export async function startReplayServer(options: ReplayOptions): Promise<ReplayServer> {
  const given = checkOptions(options);
  const openMarket = marketOf(given.venue);
  const plan = new FaultPlan(given.faults, given.seed);
  const capture = readCaptures(given.captures);
  const server = new Running(given, openMarket(capture), capture.received, plan);
  await server.listen(given.port);
  if (given.start === 'now') server.play();
  return server;
}

class Running implements ReplayServer, ReplayControl {
  readonly done: Promise<void>;
  readonly #options: Required<ReplayOptions>;
  readonly #market: Market;
  readonly #frames: readonly CapturedFrame[];
  readonly #plan: FaultPlan;
  readonly #playback: Playback;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, autoPong: false, perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX });
  readonly #clients = new Set<ClientConnection>();
  #connections = 0;
  #begun = false;
  #beginning: NodeJS.Timeout | undefined;
  #closed = false;
  #resolveDone: () => void = () => undefined;

  constructor(options: Required<ReplayOptions>, market: Market, frames: readonly CapturedFrame[], plan: FaultPlan) {
    this.#options = options;
    this.#market = market;
    this.#frames = frames;
    this.#plan = plan;
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
    const speed = options.pace === 'fast' ? Infinity : options.pace === 'real' ? 1 : options.pace;
    this.#playback = new Playback(frames, speed, {
      play: (frame) => this.#play(frame),
      waiting: () => this.#waiting(),
      ended: () => this.#ended(),
    });
    const requests = new HttpRequests(market, plan, this);
    this.#http = createServer((request, response) => {
      requests.answer(request, response).catch(() => response.destroy());
    });
    this.#http.on('upgrade', (request, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
  }

  get control(): ReplayControl {
    return this;
  }

  get faults(): readonly FaultRecord[] {
    return this.#plan.records;
  }

  get url(): { ws: string; rest: string } {
    const { port } = this.#http.address() as AddressInfo;
    return { ws: `ws://127.0.0.1:${port}`, rest: `http://127.0.0.1:${port}` };
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause) => reject(new DeepwaterError('DW_SYSTEM_CALL', `The replay server cannot listen at 127.0.0.1:${port}: ${cause.message}.`, { values: { port }, cause })));
      this.#http.listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#beginning);
    await this.#playback.stop();
    for (const client of this.#clients) client.terminate();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
    this.#resolveDone();
  }

  play(): void {
    this.#begun = true;
    this.#playback.play();
  }

  pause(): void {
    this.#playback.pause();
  }

  step(frames: number): void {
    if (!Number.isSafeInteger(frames) || frames < 1) throw new DeepwaterError('DW_OPTION_INVALID', `frames: ${String(frames)} is not a whole number from 1.`, { values: { frames } });
    // What is stepped through is not to be played on by a subscription.
    this.#begun = true;
    this.#playback.step(frames);
  }

  inject(fault: Fault): void {
    this.#plan.add(fault);
  }

  clearFaults(): void {
    this.#plan.clear();
  }

  closeAll(code = NORMAL_CLOSURE, reason?: string): void {
    checkFault({ kind: 'close', code, reason });
    for (const client of this.#clients) client.close(code, reason);
  }

  status(): ReplayStatus {
    const { playing, at, rounds, us } = this.#playback;
    return {
      venue: this.#options.venue as VenueName, playing, frames: this.#frames.length, played: at, rounds, us,
      clients: this.#clients.size, connections: this.#connections, faults: this.#plan.pending,
    };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The client may be gone before it is answered.
    socket.on('error', () => socket.destroy());
    const refusal = this.#plan.request('refuse-connections');
    if (refusal !== undefined) {
      this.#plan.recordRequest('refuse-connections', 0, request.url ?? '/');
      return refuse(socket, refusal.status ?? 503);
    }
    const client = new ClientConnection(this.#connections + 1, this.#plan, () => this.#subscribed());
    if (!client.find(this.#market, new URL(request.url ?? '/', 'http://127.0.0.1'))) return refuse(socket, 404);
    this.#connections++;
    return this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#clients.add(client);
      webSocket.on('close', () => this.#clients.delete(client));
      client.open(webSocket);
    });
  }

  /** Playback begins when the subscriptions of the first client are there: when none has come for a while. */
  #subscribed(): void {
    if (this.#begun || this.#closed || this.#options.start !== 'subscription') return;
    clearTimeout(this.#beginning);
    this.#beginning = setTimeout(() => this.play(), this.#options.startQuietMs);
  }

  #play(frame: CapturedFrame): void {
    // The books first: what a fault takes from a client is lost to the client, not to the venue.
    for (const publication of this.#market.take(frame)) for (const client of this.#clients) client.publish(publication);
  }

  /** Where nobody takes anything, nothing is played `fast`, unless the server was to begin without anybody. */
  #waiting(): number {
    let most = 0;
    let taken = this.#options.start === 'now';
    for (const client of this.#clients) {
      most = Math.max(most, client.waiting);
      taken ||= client.takes;
    }
    return taken ? most : Infinity;
  }

  #ended(): boolean {
    for (const client of this.#clients) client.flush();
    if (this.#options.end === 'loop') {
      // Numbers of updates and trades never step back on a connection to an exchange.
      this.closeAll(SERVICE_RESTART, 'the recording begins again');
      this.#market.reset();
      return true;
    }
    void this.#finish();
    return false;
  }

  async #finish(): Promise<void> {
    while (!this.#closed && [...this.#clients].some((client) => client.waiting > 0)) await sleep(1);
    if (this.#options.end === 'close') this.closeAll(NORMAL_CLOSURE);
    this.#resolveDone();
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
