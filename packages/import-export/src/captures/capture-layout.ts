/** Raw captures of exchanges, through the adapters that a live recording goes through: the same records, with the times of the capture. */
import type { CapturedConnection } from '@deepwater/captures';
import { DeepwaterError } from '@deepwater/core';
import type { Exchange, SessionEvent, Wanted } from '@deepwater/exchanges';
import type { Batch, ReadContext } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import { EXCHANGES, aggregatedOf, exchangeOf } from '../layouts/market-feed.js';
import type { SourceFile } from '../unpack/source-file.js';
import { captureEvents } from './capture-events.js';
import { type CaptureFacts, captureFacts, mayGoOn } from './capture-facts.js';
import { CaptureRows } from './capture-rows.js';
import { CaptureSession } from './capture-session.js';

const BEGINNINGS = [/^\d{16}(\d{3})? \{/, /^\{"t":"header"/, /^\{"topic":"orderbook\./, /^configuration:/, /^\d+\.\d+: [[{]/, /^(wss?|https?):\/\/\S+ (<->|<-|->) /];

export const isCapture = (line: string): boolean => BEGINNINGS.some((beginning) => beginning.test(line));

export interface CaptureLayout extends SourceLayout {
  /** Told the digest of the file before it is read. */
  hashed(sha256: string): void;
}

/** What files leave to those behind them, which go on with their connections. */
interface Left {
  readonly exchange: Exchange;
  /** By name; of several of one name, the last. */
  readonly sessions: ReadonlyMap<string, CaptureSession>;
  readonly rows: CaptureRows;
  /** Digests of the files that it came from, in their order. */
  readonly digests: readonly string[];
}

/** Captures of one call of importFiles. A file goes on with the connections that the one before it left open: hours of a recording, halves of one that was cut at midnight. */
export class CaptureRun {
  #left: Left | undefined;
  #context: ReadContext | undefined;

  /** @throws DeepwaterError DW_IMPORT_LAYOUT, DW_IMPORT_UNREADABLE */
  async layout(file: SourceFile, options: ImportOptions, told: (bytes: number) => void): Promise<CaptureLayout> {
    const facts = await factsOf(file, options, told);
    const name = facts.market !== undefined && facts.aggregated ? aggregatedOf(facts.market) : facts.market;
    const exchange = name === undefined ? undefined : exchangeOf(name);
    if (exchange === undefined) {
      throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is a capture${name === undefined ? ', and does not tell of which exchange' : ` of ${name}, for which there is no adapter`}. Give --exchange: ${EXCHANGES.map((each) => each.name).join(', ')}.`, {
        values: { file: file.path, exchange: name },
      });
    }
    const before = this.#left;
    const left = before?.exchange === exchange && [...facts.continued].some((each) => before.sessions.has(each)) ? before : undefined;
    let digests = left?.digests ?? [];
    return {
      name: 'capture', leaves: facts.leaves, identity: { exchange: exchange.name, after: digests },
      hashed: (sha256) => { digests = [...digests, sha256]; },
      firstTime: () => BigInt(facts.firstUs) * 1000n,
      read: (context) => this.#read(file, facts, exchange, left, () => digests, options, context),
    };
  }

  async *#read(file: SourceFile, facts: CaptureFacts, exchange: Exchange, left: Left | undefined, digests: () => readonly string[], options: ImportOptions, context: ReadContext): AsyncGenerator<Batch, void, void> {
    this.#context = context;
    if (file.cutOff) context.note('the file breaks off: what is whole of it is taken, to the end of a line');
    const wantedSymbols = options.symbol?.split(',').map((symbol) => exchange.symbolOf(symbol));
    if (options.feed !== undefined && (wantedSymbols?.length !== 1 || options.channels?.length !== 1)) {
      throw new DeepwaterError('DW_OPTION_INVALID', 'One feed can take one symbol and one channel of a capture: give --symbol and --channels with --feed.', { values: { option: 'feed' } });
    }
    const seen = facts.wanted.map((each) => each.of(exchange));
    const unseen = (wantedSymbols ?? []).filter((symbol) => !seen.some(({ symbols }) => symbols.includes(symbol)));
    // Each connection has what came on it: another would ask for books that are not its own.
    const wantedOn = (number: number): Wanted => {
      const { symbols, channels } = seen[number] ?? { symbols: [], channels: exchange.channels };
      return { symbols: [...symbols, ...unseen], channels };
    };
    const rows = left?.rows ?? new CaptureRows(exchange, () => this.#context!, (symbol, channel) => (wantedSymbols?.includes(symbol) ?? true) && (options.channels?.includes(channel) ?? true), options.feed);
    const told = {
      event: (event: SessionEvent) => { if (event.kind !== 'subscribed' && event.kind !== 'unsubscribed') this.#context!.note(eventText(event)); },
      restarted: (reason: string) => { this.#context!.note(`the connection was given up and made again: ${reason}`); },
    };
    const connections: CapturedConnection[] = [];
    const sessions = new Map<number, CaptureSession>();
    const sessionOf = (number: number, us: number): CaptureSession => {
      const known = sessions.get(number);
      if (known !== undefined) return known;
      const { continued = false, name = '' } = connections[number] ?? {};
      const open = continued ? left?.sessions.get(name) : undefined;
      const session = open ?? new CaptureSession(exchange, wantedOn(number), rows.sink, told, us);
      open?.want(wantedOn(number));
      sessions.set(number, session);
      return session;
    };
    const take = facts.depths.taken(exchange, (text) => { context.note(text); });
    for await (const event of captureEvents(file)) {
      if (event.kind === 'connection') {
        const { number, connection } = event;
        connections[number] = connection;
        // What was asked for before may be answered before a frame comes.
        if (connection.continued && left?.sessions.has(connection.name) === true) sessionOf(number, 0);
      } else if (event.kind === 'bad') context.reject(event.line, event.reason);
      else if (event.kind === 'reply') {
        for (const session of sessions.size === 0 ? [sessionOf(0, event.reply.us)] : sessions.values()) await session.reply(event.reply);
      } else {
        const { frame, line } = event;
        const text = take(frame.text);
        const bad = text === undefined ? undefined : await sessionOf(frame.connection, frame.us).frame({ ...frame, text });
        if (bad !== undefined) context.reject(line, bad.message);
      }
      yield* rows.ready();
    }
    yield* rows.all();
    this.#leave(exchange, connections, sessions, left, rows, digests());
  }

  #leave(exchange: Exchange, connections: readonly CapturedConnection[], sessions: ReadonlyMap<number, CaptureSession>, left: Left | undefined, rows: CaptureRows, digests: readonly string[]): void {
    // A connection on which nothing passed in this file may still be open.
    const open = new Map(left?.sessions);
    for (const [number, session] of sessions) {
      const connection = connections[number];
      if (connection !== undefined && mayGoOn(connection)) open.set(connection.name, session);
    }
    const kept = new Set(open.values());
    for (const session of new Set([...(this.#left?.sessions.values() ?? []), ...sessions.values()])) if (!kept.has(session)) session.close();
    this.#left = { exchange, sessions: open, rows, digests };
  }
}

/** A gzip that breaks off is a capture all the same. */
async function factsOf(file: SourceFile, { exchange, signal }: ImportOptions, told: (bytes: number) => void): Promise<CaptureFacts> {
  try {
    return await captureFacts(file, exchange, told, signal);
  } catch (error) {
    if (file.cutOff || !DeepwaterError.isDeepwaterError(error) || error.values['errno'] !== 'Z_BUF_ERROR') throw error;
    file.cutOff = true;
    return captureFacts(file, exchange, told, signal);
  }
}

function eventText({ kind, symbol, channel, expected, found, detail }: SessionEvent): string {
  const numbers = expected === undefined ? '' : `: ${expected} was expected, ${found} came`;
  return `${kind}${symbol === undefined ? '' : ` ${symbol}`}${channel === undefined ? '' : ` ${channel}`}${numbers}${detail === undefined ? '' : `: ${detail}`}`;
}
