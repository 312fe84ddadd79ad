/** Raw captures of exchanges, through the adapters that a live recording goes through: the same records, with the times of the capture. */
import { DeepwaterError } from '@deepwater/core';
import type { Exchange } from '@deepwater/exchanges';
import type { Batch, ReadContext } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import { EXCHANGES, aggregatedOf, exchangeOf } from '../layouts/market-feed.js';
import type { SourceFile } from '../unpack/source-file.js';
import { captureEvents } from './capture-events.js';
import { type CaptureFacts, captureFacts } from './capture-facts.js';
import { CapturePlayer } from './capture-player.js';
import { CaptureRows } from './capture-rows.js';
import type { CaptureSession } from './capture-session.js';

const BEGINNINGS = [/^\d{16}(\d{3})? \{/, /^\{"t":"header"/, /^\{"topic":"orderbook\./, /^configuration:/, /^\d+\.\d+: [[{]/, /^(wss?|https?):\/\/\S+ (<->|<-|->) /];

export const isCapture = (line: string): boolean => BEGINNINGS.some((beginning) => beginning.test(line));

export interface CaptureLayout extends SourceLayout {
  /** Told the digest of the file before it is read. */
  hashed(sha256: string): void;
}

/** What files leave to those behind them, which go on with their connections. */
interface Left {
  /** By name; of several of one name, the last. */
  readonly sessions: ReadonlyMap<string, CaptureSession>;
  readonly rows: CaptureRows;
  /** Digests of the files that it came from, in their order. */
  readonly digests: readonly string[];
}

/** Captures of one call of importFiles. A file goes on with the connections that the one before it left open: hours of a recording, halves of one that was cut at midnight. */
export class CaptureRun {
  /** By exchange. */
  readonly #left = new Map<Exchange, Left>();
  #context: ReadContext | undefined;

  /** @throws DeepwaterError DW_IMPORT_LAYOUT, DW_IMPORT_UNREADABLE */
  async layout(file: SourceFile, options: ImportOptions, told: (bytes: number) => void): Promise<CaptureLayout> {
    const facts = await factsOf(file, options, told);
    if (options.signal?.aborted === true) return STOPPED;
    const name = facts.market !== undefined && facts.aggregated ? aggregatedOf(facts.market) : facts.market;
    const exchange = name === undefined ? undefined : exchangeOf(name);
    if (exchange === undefined) {
      throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is a capture${name === undefined ? ', and does not tell of which exchange' : ` of ${name}, for which there is no adapter`}. Give --exchange: ${EXCHANGES.map((each) => each.name).join(', ')}.`, {
        values: { file: file.path, exchange: name },
      });
    }
    const before = this.#left.get(exchange);
    const left = before !== undefined && [...facts.continued].some((each) => before.sessions.has(each)) ? before : undefined;
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
    const rows = left?.rows ?? new CaptureRows(exchange, () => this.#context!, (symbol, channel) => (wantedSymbols?.includes(symbol) ?? true) && (options.channels?.includes(channel) ?? true), options.feed);
    const player = new CapturePlayer(exchange, facts, wantedSymbols ?? [], rows, left?.sessions ?? new Map(), (text) => { this.#context!.note(text); });
    const take = facts.depths.taken(exchange, (text) => { context.note(text); });
    for await (const event of captureEvents(file)) {
      if (event.kind === 'bad') context.reject(event.line, event.reason);
      else if (event.kind !== 'frame') await player.play(event);
      else {
        const text = take(event.frame.text);
        const bad = text === undefined ? undefined : await player.play({ ...event, frame: { ...event.frame, text } });
        if (bad !== undefined) context.reject(event.line, bad.message);
      }
      yield* rows.ready();
    }
    yield* rows.all();
    if (left === undefined) for (const session of this.#left.get(exchange)?.sessions.values() ?? []) session.close();
    this.#left.set(exchange, { sessions: player.leave(), rows, digests: digests() });
  }
}

/** Of a file whose facts are not known: nothing of it is read. */
const STOPPED: CaptureLayout = { name: 'capture', identity: {}, hashed: () => undefined, read: () => (async function* none() { /* nothing */ })() };

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
