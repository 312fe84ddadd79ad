import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A plain client that keeps everything it is sent. */
export class WsClient {
  /** Texts, and binary messages as hexadecimal digits behind `binary:`. */
  readonly messages: string[] = [];
  readonly socket: WebSocket;
  pongs = 0;
  /** The code with which it was closed. */
  closed: number | undefined;
  #changed: () => void = () => undefined;

  private constructor(url: string) {
    this.socket = new WebSocket(url, { maxPayload: 0 });
    this.socket.on('message', (data: Buffer, isBinary) => {
      this.messages.push(isBinary ? `binary:${data.toString('hex')}` : data.toString('utf8'));
      this.#changed();
    });
    this.socket.on('pong', () => {
      this.pongs++;
      this.#changed();
    });
    this.socket.on('close', (code) => {
      this.closed = code;
      this.#changed();
    });
    this.socket.on('error', () => undefined);
  }

  static async open(url: string): Promise<WsClient> {
    const client = new WsClient(url);
    await once(client.socket, 'open');
    return client;
  }

  /** The HTTP status with which a connection is refused. */
  static async refusal(url: string): Promise<number> {
    const socket = new WebSocket(url);
    socket.on('error', () => undefined);
    const [, response] = await once(socket, 'unexpected-response') as [unknown, { statusCode: number }];
    socket.terminate();
    return response.statusCode;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Until something is so; looked at with everything that comes. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Until so many messages have come. */
  async has(count: number): Promise<void> {
    await this.until(() => this.messages.length >= count);
  }

  /** Until everything that was sent before has come: a ping is answered behind it. */
  async settled(): Promise<void> {
    const pongs = this.pongs;
    this.socket.ping();
    await this.until(() => this.pongs > pongs);
  }

  parsed<T = Record<string, unknown>>(from = 0): T[] {
    return this.messages.slice(from).map((text) => JSON.parse(text) as T);
  }

  close(): void {
    this.socket.terminate();
  }
}
