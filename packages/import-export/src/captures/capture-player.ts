/** Plays what a capture has to the adapter of its exchange: a session for each connection. */
import type { CapturedConnection } from '@deepwater/captures';
import type { BadFrame, Exchange, SessionEvent, Wanted } from '@deepwater/exchanges';
import type { CaptureEvent } from './capture-events.js';
import { type CaptureFacts, mayGoOn } from './capture-facts.js';
import type { CaptureRows } from './capture-rows.js';
import { CaptureSession, type SessionTold } from './capture-session.js';

export class CapturePlayer {
  readonly #connections: CapturedConnection[] = [];
  readonly #sessions = new Map<number, CaptureSession>();
  readonly #wanted: readonly Wanted[];
  readonly #unseen: readonly string[];
  readonly #told: SessionTold;

  /**
   * @param symbols that are asked for, where not all of them are
   * @param left sessions of the file before, by the names of their connections
   * @param note told of gaps, new beginnings of books, and the like
   */
  constructor(private readonly exchange: Exchange, facts: CaptureFacts, symbols: readonly string[], private readonly rows: CaptureRows, private readonly left: ReadonlyMap<string, CaptureSession>, note: (text: string) => void) {
    this.#wanted = facts.wanted.map((each) => each.of(exchange));
    this.#unseen = symbols.filter((symbol) => !this.#wanted.some((wanted) => wanted.symbols.includes(symbol)));
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
      case 'connection': this.#connect(event.number, event.connection); return undefined;
      case 'reply':
        for (const session of this.#sessions.size === 0 ? [this.#sessionOf(0, event.reply.us)] : this.#sessions.values()) await session.reply(event.reply);
        return undefined;
      case 'frame': return this.#sessionOf(event.frame.connection, event.frame.us).frame(event.frame);
    }
  }

  /** The sessions that a file behind this one may go on with, by name; a connection on which nothing passed in this one is still open, for all that is known. All others are closed. */
  leave(): Map<string, CaptureSession> {
    const open = new Map(this.left);
    for (const [number, session] of this.#sessions) {
      const connection = this.#connections[number];
      if (connection !== undefined && mayGoOn(connection)) open.set(connection.name, session);
    }
    const kept = new Set(open.values());
    for (const session of [...this.left.values(), ...this.#sessions.values()]) if (!kept.has(session)) session.close();
    return open;
  }

  #connect(number: number, connection: CapturedConnection): void {
    this.#connections[number] = connection;
    // What was asked for before may be answered before a frame comes.
    if (connection.continued && this.left.has(connection.name)) this.#sessionOf(number, 0);
    if (connection.continued) return;
    // The same client once more: what it had open before has ended.
    const before = this.#connections.findLastIndex(({ name, address }, at) => at < number && name === connection.name && (name !== '' || address === connection.address));
    const ended = before < 0 ? this.left.get(connection.name) : this.#sessions.get(before);
    if (ended !== undefined) this.rows.interrupt(ended.symbols, 'disconnected: another connection was made');
  }

  #sessionOf(number: number, us: number): CaptureSession {
    const known = this.#sessions.get(number);
    if (known !== undefined) return known;
    const { continued = false, name = '' } = this.#connections[number] ?? {};
    const open = continued ? this.left.get(name) : undefined;
    const wanted = this.#wantedOn(number);
    open?.want(wanted);
    const session = open ?? new CaptureSession(this.exchange, wanted, this.rows.sink, this.#told, us);
    this.#sessions.set(number, session);
    return session;
  }

  /** Each connection has what came on it: another would ask for books that are not its own. */
  #wantedOn(number: number): Wanted {
    const { symbols, channels } = this.#wanted[number] ?? { symbols: [], channels: this.exchange.channels };
    return { symbols: [...symbols, ...this.#unseen], channels };
  }
}

/** Why records are interrupted at an event, in the words of a live recording; undefined where they are not. */
function interruption({ kind, detail, expected, found }: SessionEvent): string | undefined {
  if (kind === 'gap') return `gap: ${detail ?? `${expected ?? ''} expected, ${found ?? ''} found`}`;
  return kind === 'checksum' ? 'the book was not the exchange’s: checksum' : undefined;
}

function eventText({ kind, symbol, channel, expected, found, detail }: SessionEvent): string {
  const numbers = expected === undefined ? '' : `: ${expected} was expected, ${found} came`;
  return `${kind}${symbol === undefined ? '' : ` ${symbol}`}${channel === undefined ? '' : ` ${channel}`}${numbers}${detail === undefined ? '' : `: ${detail}`}`;
}
