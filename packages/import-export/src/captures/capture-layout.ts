/** Raw captures of exchanges, through the adapters that a live recording goes through: the same records, with the times of the capture. */
import { type Capture, type CapturedFrame, type CapturedReply, readCaptures } from '@deepwater/captures';
import { DeepwaterError } from '@deepwater/core';
import type { Exchange, SessionEvent } from '@deepwater/exchanges';
import type { Batch, ReadContext } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import { EXCHANGES, aggregatedOf, exchangeOf } from '../layouts/market-feed.js';
import type { SourceFile } from '../unpack/source-file.js';
import { deepestBooks } from './book-depths.js';
import { CaptureRows } from './capture-rows.js';
import { CaptureSession } from './capture-session.js';
import { exchangeOfAddress, symbolsIn } from './symbols.js';

const BEGINNINGS = [/^\d{16}(\d{3})? \{/, /^\{"t":"header"/, /^\{"topic":"orderbook\./, /^configuration:/, /^\d+\.\d+: [[{]/, /^(wss?|https?):\/\/\S+ (<->|<-|->) /];

export const isCapture = (line: string): boolean => BEGINNINGS.some((beginning) => beginning.test(line));

/**
 * Captures of one call of importFiles. Files without an address are one unbroken connection, in the order in which they are given: halves of a recording that was cut at
 * midnight.
 */
export class CaptureRun {
  /** Digests of the files of the unbroken connection so far. */
  readonly before: string[] = [];
  #unbroken: { readonly exchange: Exchange; readonly session: CaptureSession; readonly rows: CaptureRows } | undefined;
  #context: ReadContext | undefined;

  /** @throws DeepwaterError DW_IMPORT_LAYOUT */
  async layout(file: SourceFile, options: ImportOptions): Promise<CaptureLayout> {
    const capture = readOne(file.path);
    const address = capture.connections.find((each) => each !== '') ?? '';
    const market = options.exchange ?? exchangeOfAddress(address);
    const name = market !== undefined && hasAggregatedTradesAlone(capture) ? aggregatedOf(market) : market;
    const exchange = name === undefined ? undefined : exchangeOf(name);
    if (exchange === undefined) {
      throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is a capture${name === undefined ? ', and does not tell of which exchange' : ` of ${name}, for which there is no adapter`}. Give --exchange: ${EXCHANGES.map((each) => each.name).join(', ')}.`, {
        values: { file: file.path, exchange: name },
      });
    }
    const unbroken = address === '';
    return {
      name: 'capture', unbroken, leaves: unbroken, identity: () => ({ exchange: exchange.name, after: unbroken ? this.before.slice(0, -1) : [] }),
      firstTime: () => BigInt(capture.received[0]?.us ?? capture.replies[0]?.us ?? 0) * 1000n,
      read: (context) => this.#read(capture, exchange, unbroken, options, context),
    };
  }

  async *#read(capture: Capture, exchange: Exchange, unbroken: boolean, options: ImportOptions, context: ReadContext): AsyncGenerator<Batch, void, void> {
    this.#context = context;
    const wantedSymbols = options.symbol?.split(',').map((symbol) => exchange.symbolOf(symbol));
    if (options.feed !== undefined && (wantedSymbols?.length !== 1 || options.channels?.length !== 1)) {
      throw new DeepwaterError('DW_OPTION_INVALID', 'One feed can take one symbol and one channel of a capture: give --symbol and --channels with --feed.', { values: { option: 'feed' } });
    }
    const symbols = [...new Set([...symbolsIn(exchange, textsOf(capture)), ...(wantedSymbols ?? [])])];
    const made = (): CaptureRows => new CaptureRows(exchange, () => this.#context!, (symbol, channel) => (wantedSymbols?.includes(symbol) ?? true) && (options.channels?.includes(channel) ?? true), options.feed);
    const known = unbroken && this.#unbroken?.exchange === exchange ? this.#unbroken : undefined;
    const rows = known?.rows ?? made();
    const told = {
      event: (event: SessionEvent) => { if (event.kind !== 'subscribed' && event.kind !== 'unsubscribed') this.#context!.note(eventText(event)); },
      restarted: (reason: string) => { this.#context!.note(`the connection was given up and made again: ${reason}`); },
    };
    const sessions = new Map<number, CaptureSession>();
    const sessionOf = (connection: number, us: number): CaptureSession => {
      let session = sessions.get(connection);
      if (session === undefined) {
        session = known?.session ?? new CaptureSession(exchange, { symbols, channels: exchange.channels }, rows.sink, told, us);
        sessions.set(connection, session);
        if (unbroken) this.#unbroken = { exchange, session, rows };
      }
      return session;
    };
    let frames = 0;
    const take = deepestBooks(exchange, capture.received, (text) => { context.note(text); });
    for (const event of inOrder(capture)) {
      if ('body' in event) {
        for (const session of sessions.size === 0 ? [sessionOf(0, event.us)] : sessions.values()) await session.reply(event);
      } else {
        frames += 1;
        const text = take(event.text);
        const bad = text === undefined ? undefined : await sessionOf(event.connection, event.us).frame({ ...event, text });
        if (bad !== undefined) context.reject(frames, bad.message);
      }
      yield* rows.ready();
    }
    yield* rows.all();
    if (!unbroken) for (const session of sessions.values()) session.close();
  }
}

/** Of Binance: they are sources of their own, whose feeds single trades do not go into. */
function hasAggregatedTradesAlone({ received }: Capture): boolean {
  let found = false;
  for (const { text } of received) {
    if (text.includes('"e":"trade"')) return false;
    found ||= text.includes('"e":"aggTrade"');
  }
  return found;
}

export interface CaptureLayout extends SourceLayout {
  readonly unbroken: boolean;
}

function readOne(path: string): Capture {
  try {
    return readCaptures([path]);
  } catch (cause) {
    throw new DeepwaterError('DW_IMPORT_LAYOUT', `${path} is no capture: ${(cause as Error).message}`, { values: { file: path, layout: 'capture' }, cause });
  }
}

/** Frames and replies as they came; of one moment, the reply first. */
function* inOrder({ received, replies }: Capture): Generator<CapturedFrame | CapturedReply, void, void> {
  let next = 0;
  for (const frame of received) {
    while (next < replies.length && replies[next]!.us <= frame.us) yield replies[next++]!;
    yield frame;
  }
  while (next < replies.length) yield replies[next++]!;
}

function* textsOf({ received }: Capture): Generator<string, void, void> {
  for (const { text } of received) yield text;
}

function eventText({ kind, symbol, channel, expected, found, detail }: SessionEvent): string {
  const numbers = expected === undefined ? '' : `: ${expected} was expected, ${found} came`;
  return `${kind}${symbol === undefined ? '' : ` ${symbol}`}${channel === undefined ? '' : ` ${channel}`}${numbers}${detail === undefined ? '' : `: ${detail}`}`;
}
