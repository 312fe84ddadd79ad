/** Plays what a capture has to the adapter of its exchange: a session for each connection. */
import type { CapturedConnection, CapturedReply } from '@deepwater/captures';
import { type BadFrame, type Exchange, type SessionEvent, type Wanted, interruption } from '@deepwater/exchanges';
import type { CaptureEvent } from './capture-events.js';
import { type CaptureFacts, mayGoOn } from './capture-facts.js';
import type { CaptureRows } from './capture-rows.js';
import { CaptureSession, type SessionTold } from './capture-session.js';

export class CapturePlayer {
  readonly #connections: CapturedConnection[] = [];
  readonly #sessions = new Map<number, CaptureSession>();
  /** By connection. */
  readonly #wanted: readonly (readonly Wanted[])[];
  readonly #unseen: readonly string[];
  readonly #left: Map<string, CaptureSession>;
  /** Replies that came before any connection. */
  #early: CapturedReply[] = [];
  readonly #told: SessionTold;

  /**
   * @param symbols that are asked for, where not all of them are
   * @param left sessions of the file before, by the names of their connections
   * @param note told of gaps, new beginnings of books, and the like
   */
  constructor(private readonly exchange: Exchange, facts: CaptureFacts, symbols: readonly string[], private readonly rows: CaptureRows, left: ReadonlyMap<string, CaptureSession>, note: (text: string) => void) {
    this.#wanted = facts.wanted.map((each) => each.of(exchange));
    this.#left = new Map(left);
    this.#unseen = symbols.filter((symbol) => !this.#wanted.flat().some((wanted) => wanted.symbols.includes(symbol)));
    this.#told = {
      event: (event, ofSession) => {
        if (event.kind !== 'subscribed' && event.kind !== 'unsubscribed') note(eventText(event));
        const reason = interruption(event);
        if (reason !== undefined) rows.interrupt(event.symbol === undefined ? ofSession : [event.symbol], reason, event.channel);
      },
      restarted: (reason, ofSession) => {
        note(`the connection was given up and made again: ${reason}`);
        rows.interrupt(ofSession, `disconnected: ${reason}`);
      },
    };
  }

  /** @returns what is wrong with a frame, where something is */
  async play(event: Exclude<CaptureEvent, { kind: 'bad' }>): Promise<BadFrame | undefined> {
    switch (event.kind) {
      case 'connection': await this.#connect(event.number, event.connection); return undefined;
      case 'reply': await this.#reply(event.reply); return undefined;
      case 'frame': return (await this.#sessionOf(event.frame.connection, event.frame.us)).frame(event.frame);
    }
  }

  /** The sessions that a file behind this one may go on with, by name; a connection on which nothing passed in this one is still open, for all that is known. All others are closed. */
  leave(): Map<string, CaptureSession> {
    const open = new Map(this.#left);
    for (const [number, session] of this.#sessions) {
      const connection = this.#connections[number];
      if (connection !== undefined && mayGoOn(connection)) open.set(connection.name, session);
    }
    const kept = new Set(open.values());
    for (const session of [...this.#left.values(), ...this.#sessions.values()]) if (!kept.has(session)) session.close();
    return open;
  }

  async #connect(number: number, connection: CapturedConnection): Promise<void> {
    this.#connections[number] = connection;
    if (!connection.continued) this.#end(number, connection);
    // What is asked for may be answered before a frame comes.
    if (this.#isLeft(connection) || connection.us !== undefined) await this.#sessionOf(number, connection.us ?? 0);
  }

  /** The same client once more: what it had open before has ended. */
  #end(number: number, { name, address }: CapturedConnection): void {
    const before = this.#connections.findLastIndex((other, at) => at < number && other.name === name && (name !== '' || other.address === address));
    const ended = before >= 0 ? this.#sessions.get(before) : name === '' ? undefined : this.#left.get(name);
    if (ended === undefined) return;
    this.rows.interrupt(ended.symbols, 'disconnected: another connection was made');
    ended.close();
    this.#sessions.delete(before);
    if (this.#left.get(name) === ended) this.#left.delete(name);
  }

  async #reply(reply: CapturedReply): Promise<void> {
    if (this.#connections.length === 0) this.#early.push(reply);
    // A file that does not tell of connections may begin with it.
    else if (this.#sessions.size === 0) await (await this.#sessionOf(this.#connections.length - 1, reply.us)).reply(reply);
    else for (const session of this.#sessions.values()) await session.reply(reply);
  }

  #isLeft({ continued, name }: CapturedConnection): boolean {
    return continued && this.#left.has(name);
  }

  async #sessionOf(number: number, us: number): Promise<CaptureSession> {
    const known = this.#sessions.get(number);
    if (known !== undefined) return known;
    const connection = this.#connections[number];
    const open = connection !== undefined && this.#isLeft(connection) ? this.#left.get(connection.name) : undefined;
    const wanted = this.#wantedOn(number);
    open?.want(wanted);
    const session = open ?? new CaptureSession(this.exchange, wanted, this.rows.sink, this.#told, us);
    this.#sessions.set(number, session);
    for (const reply of this.#early.splice(0)) await session.reply(reply);
    return session;
  }

  /** Each connection has what came on it: another would ask for books that are not its own. */
  #wantedOn(number: number): readonly Wanted[] {
    const seen = this.#wanted[number] ?? [];
    return this.#unseen.length === 0 ? seen : [...seen, { symbols: this.#unseen, channels: this.exchange.channels }];
  }
}

function eventText({ kind, symbol, channel, expected, found, detail }: SessionEvent): string {
  const numbers = expected === undefined ? '' : `: ${expected} was expected, ${found} came`;
  return `${kind}${symbol === undefined ? '' : ` ${symbol}`}${channel === undefined ? '' : ` ${channel}`}${numbers}${detail === undefined ? '' : `: ${detail}`}`;
}
