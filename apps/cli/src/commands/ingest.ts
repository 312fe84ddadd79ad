import { createInterface } from 'node:readline';
import { Ingest, type RecordedEvent, SOURCES } from '@deepwater/exchanges';
import { Command, Option } from 'commander';
import { DeepwaterError, Platform } from 'deepwater';
import { eventText, isTrouble } from '../ingest/event-text.js';
import { COMMANDS_HELP, IngestCommands } from '../ingest/ingest-commands.js';
import { type IngestEntry, ingestOptions, readIngestConfig } from '../ingest/ingest-config.js';
import { metricsText } from '../ingest/ingest-text.js';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { stopController } from '../output/stop-signal.js';
import { type StoreOptions, basePathOption } from '../store.js';
import { names, positiveNumber, wholeNumber } from './record-options.js';

interface IngestCommandOptions extends StoreOptions, Omit<IngestEntry, 'source' | 'symbols'> {
  readonly config?: string;
  readonly metrics?: number;
  readonly tui?: true;
  readonly json?: true;
}

/** `deepwater ingest <source> [symbols...]` */
export function ingestCommand(): Command {
  return new Command('ingest')
    .description('record an exchange: trades, books, quotes into feeds of a store, for as long as it runs')
    .argument('[source]', `${SOURCES.map(({ name }) => name).join(', ')}, ccxt:<exchange>, or a file of yours: ./my-source.js`)
    .argument('[symbols...]', 'as the exchange writes them: BTC-USD, btcusdt, XBT/USD')
    .addOption(basePathOption())
    .addOption(new Option('-c, --channels <names>', 'trades, book (level2), quotes (ticker), heartbeats; default: trades,book').argParser((text) => names(text, 'trades,level2')))
    .option('--config <file>', 'JSON with the same settings, for one source or several: { "sources": [{ "source": "coinbase", "symbols": ["BTC-USD"] }] }')
    .option('--tui', 'a dashboard instead of lines')
    .option('--record-raw <directory>', 'keep the raw frames, in files that `deepwater replay-server` plays and `deepwater import` reads')
    .option('--record-bad <file>', 'keep frames that cannot be read, one JSON object a line')
    .addOption(new Option('--symbols-per-connection <n>', 'at most; more symbols are shared out over several connections').argParser(wholeNumber))
    .addOption(new Option('--amounts <type>', 'how prices and sizes are kept: to the last digit, or as numbers').choices(['decimal', 'float64']))
    .addOption(new Option('--price-scale <n>', 'digits behind the point of prices (default: 8)').argParser(wholeNumber))
    .addOption(new Option('--size-scale <n>', 'digits behind the point of sizes (default: 8)').argParser(wholeNumber))
    .addOption(new Option('--retention-hours <n>', 'how long records are kept (default: 0, for ever)').argParser(Number))
    .option('--url <url>', "another address than the exchange's: a replay server's, a proxy's")
    .option('--rest-url <url>', 'the same for REST requests')
    .addOption(new Option('--metrics <seconds>', 'print metrics as often as that').argParser(positiveNumber))
    .option('--json', 'print events and answers as JSON objects, one a line')
    .addHelpText('after', `
While it runs, type, or send to its standard input:
${COMMANDS_HELP}
Ctrl+C and SIGTERM stop it, too; the end of standard input does not.

Examples:
  deepwater ingest coinbase BTC-USD ETH-USD --channels trades,level2
  deepwater ingest binance-usdm btcusdt --channels trades,book,quotes --record-raw ./raw --tui
  deepwater ingest --config sources.json --json < /dev/null

Exit codes: 0 stopped, 1 it could not begin or not end in order.`)
    .action(async (source: string | undefined, symbols: readonly string[], options: IngestCommandOptions) => {
      const { basePath, entries } = whatToDo(source, symbols, options);
      const chosen = await Promise.all(entries.map(ingestOptions));
      refuseTogether(chosen, options);
      await (options.tui === true ? recordOnDashboard(basePath, chosen) : recordInLines(basePath, chosen, options));
    });
}

type Chosen = readonly Awaited<ReturnType<typeof ingestOptions>>[];

/** Where what an ingest says goes. */
interface Listener {
  told(source: string, event: RecordedEvent): void;
  complain(message: string): void;
}

/** @throws DeepwaterError DW_OPTION_INVALID */
function refuseTogether(chosen: Chosen, { tui, config }: IngestCommandOptions): void {
  const twice = chosen.map(({ source: { name } }) => name).find((name, at, all) => all.indexOf(name) !== at);
  if (twice !== undefined) throw new DeepwaterError('DW_OPTION_INVALID', `${twice} is there twice; give all of its symbols at once.`, { values: { source: twice } });
  if (tui === true && chosen.length > 1) throw new DeepwaterError('DW_OPTION_INVALID', `--tui shows one source; ${config ?? ''} has ${chosen.length}. Leave --tui away, or start one process for each.`, { values: { sources: chosen.length } });
}

async function recordOnDashboard(basePath: string, chosen: Chosen): Promise<void> {
  // What a dashboard needs is loaded where one is wanted.
  const [{ EventList, showIngest }, { requireTerminal }] = await Promise.all([import('../ingest/show-ingest.js'), import('../dashboard/open-dashboard.js')]);
  requireTerminal();
  const shown = new EventList();
  const listener: Listener = { told: (_source, event) => { shown.add(event); }, complain: (message) => { shown.complain(message); } };
  await withIngests(basePath, chosen, listener, async (platform, ingests, stop) => {
    const [only] = ingests.values();
    if (only !== undefined) await showIngest(platform, only, shown, stop.signal);
  });
}

async function recordInLines(basePath: string, chosen: Chosen, { json, metrics }: IngestCommandOptions): Promise<void> {
  const say = (text: string, data: object): void => { void print(json === true ? `${toJson(data)}\n` : text).then(flush); };
  const listener: Listener = {
    told: (source, event) => {
      const time = new Date().toISOString();
      say(`${time.slice(11, 19)} ${isTrouble(event) ? '! ' : '  '}${chosen.length > 1 ? `${source} ` : ''}${eventText(event)}\n`, { event: event.kind, time, source, ...event });
    },
    complain: (message) => { process.stderr.write(`deepwater: ${message}\n`); },
  };
  await withIngests(basePath, chosen, listener, async (_platform, ingests, stop) => {
    const restUrls = new Map(chosen.flatMap(({ source: { name }, urls }) => (urls?.rest === undefined ? [] : [[name, urls.rest] as const])));
    const every = metrics === undefined ? undefined : setInterval(() => {
      for (const [source, ingest] of ingests) say(metricsText(source, ingest.metrics()), { metrics: ingest.metrics(), time: new Date().toISOString(), source });
    }, metrics * 1000);
    await listen(new IngestCommands(ingests, restUrls), say, stop);
    clearInterval(every);
  });
}

/** Begins all, runs until `run` has ended or a signal comes, and ends all in order. @throws DeepwaterError what Platform.open, Ingest.start and Ingest.stop throw */
async function withIngests(basePath: string, chosen: Chosen, { told, complain }: Listener, run: (platform: Platform, ingests: ReadonlyMap<string, Ingest>, stop: AbortController) => Promise<void>): Promise<void> {
  const platform = await Platform.open(basePath, { handleSignals: false, onEvent: ({ level, message }) => { if (level === 'warn' || level === 'error') complain(message); } });
  const ingests = new Map<string, Ingest>();
  const stop = stopController();
  try {
    for (const each of chosen) {
      const { name } = each.source;
      ingests.set(name, await Ingest.start(platform, { ...each, onEvent: (event) => { told(name, event); }, onError: (error) => { complain((error as Error).message); } }));
    }
    await run(platform, ingests, stop);
  } finally {
    await endAll(platform, ingests);
    await flush();
  }
}

/** Commands from standard input until one of them, or a signal, ends it. */
async function listen(commands: IngestCommands, say: (text: string, data: object) => void, stop: AbortController): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  let turn = Promise.resolve();
  const ended = new Promise<void>((resolve) => { stop.signal.addEventListener('abort', () => { resolve(); }, { once: true }); });
  lines.on('line', (line) => {
    turn = turn.then(async () => {
      try {
        const answer = await commands.run(line);
        if (answer?.ends === true) stop.abort();
        else if (answer !== undefined) say(answer.text, answer.data);
      } catch (error) {
        const { code = 'unexpected', message } = error as DeepwaterError;
        say(`${code}: ${message}\n`, { error: { code, message } });
      }
    });
  });
  if (!stop.signal.aborted) await ended;
  lines.close();
  process.stdin.unref?.();
}

async function endAll(platform: Platform, ingests: ReadonlyMap<string, Ingest>): Promise<void> {
  const ends = await Promise.allSettled([...ingests.values()].map((ingest) => ingest.stop()));
  await platform.close();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** @throws DeepwaterError DW_OPTION_INVALID */
function whatToDo(source: string | undefined, symbols: readonly string[], { config, basePath, metrics: _metrics, tui: _tui, json: _json, ...settings }: IngestCommandOptions): { basePath: string; entries: readonly IngestEntry[] } {
  if (config === undefined) {
    if (source === undefined) throw new DeepwaterError('DW_OPTION_INVALID', `Name a source, such as coinbase, or give --config. There are ${SOURCES.map(({ name }) => name).join(', ')}.`, {});
    return { basePath, entries: [{ ...settings, source, symbols: [...symbols] }] };
  }
  if (source !== undefined) throw new DeepwaterError('DW_OPTION_INVALID', `--config names the sources; leave ${[source, ...symbols].join(' ')} away, or --config.`, { values: { source, config } });
  const file = readIngestConfig(config);
  return { basePath: file.basePath ?? basePath, entries: file.entries.map((entry) => ({ ...entry, ...settings })) };
}
