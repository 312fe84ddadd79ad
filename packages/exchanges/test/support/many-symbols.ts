/**
 * A small server with Bybit's protocol for as many symbols as are asked for: of each it sends real frames of one symbol, with the name, the numbers and the
 * ids exchanged. It counts what it has sent, and can send garbage besides.
 */
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { recording } from './recorded-frames.js';

interface Frame { topic: string; type: string; data: Record<string, unknown> & { b: unknown[]; a: unknown[] } }
interface TradeFrame { topic: string; data: Record<string, unknown>[] }

/** What one symbol was sent, on whatever connection. */
export interface Sent {
  u: number;
  levels: number;
  trades: number;
}

export class ManySymbols {
  readonly sent = new Map<string, Sent>();
  /** By topic, the socket that has it. */
  readonly #topics = new Map<string, WebSocket>();
  readonly #snapshot: Frame;
  readonly #deltas: readonly Frame[];
  readonly #trades: readonly TradeFrame[];
  #steps = 0;

  private constructor(private readonly server: WebSocketServer) {
    const frames = recording('BYBIT.jsonl.zst').frames.map(({ text }) => JSON.parse(text) as Frame & TradeFrame);
    const books = frames.filter(({ topic }) => topic === 'orderbook.200.BTCUSDT');
    this.#snapshot = books.find(({ type }) => type === 'snapshot')!;
    this.#deltas = books.filter(({ type }) => type === 'delta').slice(0, 50);
    this.#trades = frames.filter(({ topic }) => topic === 'publicTrade.BTCUSDT');
    server.on('connection', (socket) => {
      socket.on('message', (data) => { this.#answer(socket, JSON.parse((data as Buffer).toString('utf8')) as { op: string; args?: string[]; req_id: string }); });
      socket.on('close', () => { for (const [topic, its] of this.#topics) if (its === socket) this.#topics.delete(topic); });
    });
  }

  static async start(): Promise<ManySymbols> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => { server.once('listening', resolve); });
    return new ManySymbols(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get subscribed(): number {
    return this.#topics.size;
  }

  /** One change of each book that is subscribed, and now and then a trade. */
  step(): void {
    this.#steps += 1;
    for (const [topic, socket] of this.#topics) {
      const symbol = topic.slice(topic.lastIndexOf('.') + 1);
      const its = this.#of(symbol);
      if (topic.startsWith('orderbook')) socket.send(JSON.stringify(this.#change(symbol)));
      else if (this.#steps % 3 === 0) {
        const { data, ...rest } = this.#trades[this.#steps % this.#trades.length]!;
        const trades = data.map((trade) => ({ ...trade, s: symbol, i: `${symbol} ${its.trades++}` }));
        socket.send(JSON.stringify({ ...rest, topic, data: trades }));
      }
    }
  }

  /** Frames of a symbol that are wrong in all the ways there are. They take no number: what is sent next goes on where the last good one was. */
  garbage(symbol: string): void {
    const socket = this.#topics.get(`orderbook.200.${symbol}`);
    if (socket === undefined) return;
    const before = { ...this.#of(symbol) };
    const good = this.#change(symbol);
    Object.assign(this.#of(symbol), before);
    const { data } = good;
    const text = JSON.stringify(good);
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const level = (price: unknown, size: unknown) => JSON.stringify({ ...good, data: { ...data, b: [...data.b, [price, size]] } });
    for (const bad of [
      text.slice(0, text.length / 2), level('0', '1'), level('-5', '1'), level('NaN', '1'), level('1', '-1'), level('1', undefined), level('9'.repeat(1 << 20), '1'), level(1e308, 1),
      text.replace('"b":[', `"b":[${deep},`), text.replace('"b":', `"__proto__":{"b":1},"b":`), text.replace(/"u":\d+/, '"u":"\ud800"'), text.replace(/"u":\d+/, '"u":9007199254740991'), text.replace(/"cts":\d+/, '"cts":0'),
      text.replace(/"cts":\d+/, '"cts":99999999999999'), text.replace('"delta"', '"wrong"'), JSON.stringify({ ...good, data: { ...data, a: {} } }), JSON.stringify({ ...good, data: null }),
      JSON.stringify({ topic: `publicTrade.${symbol}`, data: [{ s: symbol, i: 1, p: '0', v: '0', T: 0, S: 'Up' }, null, { s: 'OTHERUSDT' }] }), JSON.stringify({ topic: `liquidation.${symbol}`, data: {} }),
    ]) socket.send(bad);
    socket.send(Buffer.from([0, 1, 2, 255]), { binary: true });
  }

  /** Ends the connection that a symbol is on. */
  cut(symbol: string): void {
    this.#topics.get(`orderbook.200.${symbol}`)?.terminate();
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  #of(symbol: string): Sent {
    let sent = this.sent.get(symbol);
    if (sent === undefined) this.sent.set(symbol, (sent = { u: 100, levels: 0, trades: 0 }));
    return sent;
  }

  #change(symbol: string): Frame {
    const its = this.#of(symbol);
    const { data, ...rest } = this.#deltas[its.u % this.#deltas.length]!;
    its.u += 1;
    its.levels += data.b.length + data.a.length;
    return { ...rest, topic: `orderbook.200.${symbol}`, data: { ...data, s: symbol, u: its.u } };
  }

  #answer(socket: WebSocket, { op, args = [], req_id }: { op: string; args?: string[]; req_id: string }): void {
    if (op === 'ping') return socket.send(JSON.stringify({ success: true, ret_msg: 'pong', req_id, op }));
    socket.send(JSON.stringify({ success: true, ret_msg: '', conn_id: 'x', req_id, op }));
    for (const topic of args) {
      if (op === 'unsubscribe') this.#topics.delete(topic);
      else this.#topics.set(topic, socket);
      if (op === 'unsubscribe' || !topic.startsWith('orderbook')) continue;
      const symbol = topic.slice(topic.lastIndexOf('.') + 1);
      const its = this.#of(symbol);
      const { data, ...rest } = this.#snapshot;
      its.levels += data.b.length + data.a.length;
      socket.send(JSON.stringify({ ...rest, topic, data: { ...data, s: symbol, u: its.u } }));
    }
  }
}
