/**
 * An exchange in a process of its own, as far as Binance's futures are one: answers requests for snapshots, and sends the frames of a recording over real
 * WebSockets at an even pace, to each connection those of the symbols that its address names. Sleeps between frames: there are few processors.
 */
import { createServer } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { nowNs } from '../lib/clock.js';
import { BINANCE, recordedOf } from '../lib/exchange/venues.js';

export interface SenderOrder {
  /** Symbols, each with the frames of the recording under its name. */
  readonly symbols: readonly string[];
  /** Of all symbols together. */
  readonly messagesPerS: number;
  /** Of all symbols together; the recording's as they come, from its beginning. */
  readonly messages: number;
}

/** What it says: where it listens, and at the end how it went. */
export interface SenderWord {
  readonly port?: number;
  /** Frames that were sent. */
  readonly sent?: number;
  /** How much later than it was due a frame was sent at most. */
  readonly latestMs?: number;
}

const FRAMES_AHEAD_NS = 20_000;
const NAME = 'BTCUSDT';

function renamed(bytes: Buffer, symbol: string): Buffer {
  return symbol === NAME ? bytes : Buffer.from(bytes.toString('latin1').replace(NAME, symbol).replace(NAME.toLowerCase(), symbol.toLowerCase()), 'latin1');
}

function serve({ symbols, messagesPerS, messages }: SenderOrder): void {
  const recorded = recordedOf(BINANCE);
  const snapshot = recorded.messages.find(({ reply }) => reply !== undefined)?.reply ?? '';
  // The snapshot is asked for with the first update: frames of a book before it would be in vain.
  const frames = recorded.messages.flatMap(({ bytes }) => (bytes === undefined || bytes.includes('markPrice') ? [] : [bytes])).slice(0, Math.ceil(messages / symbols.length));
  const sockets = new Map<string, WebSocket>();
  const http = createServer((_request, response) => { response.end(snapshot); });
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket, request) => {
    // `/public/stream?streams=btcusdt@trade/btcusdt@depth@0ms/…`
    const streams = new URL(request.url ?? '', 'ws://localhost').searchParams.get('streams') ?? '';
    for (const stream of streams.split('/')) sockets.set(stream.slice(0, stream.indexOf('@')).toUpperCase(), socket);
  });
  http.listen(0, '127.0.0.1', () => { process.send?.({ port: (http.address() as { port: number }).port } satisfies SenderWord); });
  process.on('message', (go) => {
    if (go !== 'go') return;
    const all = symbols.map((symbol) => frames.map((bytes) => renamed(bytes, symbol)));
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const began = nowNs() + 50_000_000;
    let sent = 0;
    let latestNs = 0;
    const turn = (): void => {
      const now = nowNs();
      while (sent < messages && began + (sent * 1e9) / messagesPerS <= now) {
        const which = sent % symbols.length;
        latestNs = Math.max(latestNs, now - (began + (sent * 1e9) / messagesPerS));
        const frame = all[which][Math.floor(sent / symbols.length)];
        if (frame !== undefined) sockets.get(symbols[which])?.send(frame, { binary: false });
        sent++;
      }
      if (sent === messages) {
        process.send?.({ sent, latestMs: latestNs / 1e6 } satisfies SenderWord);
        return;
      }
      const restNs = began + (sent * 1e9) / messagesPerS - nowNs() - FRAMES_AHEAD_NS;
      if (restNs > 0) Atomics.wait(pause, 0, 0, restNs / 1e6);
      setImmediate(turn);
    };
    turn();
  });
}

process.once('message', (order) => { serve(order as SenderOrder); });
process.on('disconnect', () => { process.exit(); });
