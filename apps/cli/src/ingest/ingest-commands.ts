/** What can be typed while `deepwater ingest` runs: a command a line. */
import type { Ingest } from '@deepwater/exchanges';
import { DeepwaterError } from 'deepwater';
import { tableText } from '../output/table.js';
import { metricsText, statusText } from './ingest-text.js';

/** A command's answer: for people, and as data. */
export interface Answer {
  readonly text: string;
  readonly data: object;
  /** The command ends everything. */
  readonly ends?: boolean;
}

export const COMMANDS_HELP = `  subscribe SYMBOL …     more symbols
  unsubscribe SYMBOL …   fewer
  products [TEXT]        what can be subscribed, with TEXT in its name
  status                 connections and symbols
  metrics                totals, rates, latencies, gaps
  reset                  metrics begin anew
  stop                   everything that came is written, then it ends
Of several sources the first word after the command says which: subscribe kraken BTC/USD`;

/** Products that are listed for people; --json has all. */
const LISTED_MAX = 100;

export class IngestCommands {
  /** @param ingests by the names of their sources @param urls where sources are asked for their products, if not where they are */
  constructor(private readonly ingests: ReadonlyMap<string, Ingest>, private readonly restUrls: ReadonlyMap<string, string>) {}

  /** @throws DeepwaterError DW_OPTION_INVALID for what is no command, and whatever the command throws */
  async run(line: string): Promise<Answer | undefined> {
    const [command = '', ...words] = line.trim().split(/\s+/);
    switch (command.toLowerCase()) {
      case '': return undefined;
      case 'subscribe': return this.#subscribe(words);
      case 'unsubscribe': return this.#unsubscribe(words);
      case 'products': return this.#products(words);
      case 'status': return this.#each('status', (ingest) => ingest.status(), (status) => statusText(status));
      case 'metrics': return this.#each('metrics', (ingest) => ingest.metrics(), (metrics, name) => metricsText(name, metrics));
      case 'reset': {
        for (const ingest of this.ingests.values()) ingest.resetMetrics();
        return { text: 'metrics begin anew\n', data: { command: 'reset' } };
      }
      case 'help': case '?': return { text: `${COMMANDS_HELP}\n`, data: { command: 'help', help: COMMANDS_HELP } };
      case 'stop': case 'quit': case 'exit': return { text: '', data: { command: 'stop' }, ends: true };
    }
    throw new DeepwaterError('DW_OPTION_INVALID', `There is no command ${JSON.stringify(command)}: subscribe, unsubscribe, products, status, metrics, reset, stop, help.`, { values: { command } });
  }

  #each<T extends object>(command: string, ask: (ingest: Ingest) => T, text: (told: T, name: string) => string): Answer {
    const told = [...this.ingests].map(([name, ingest]) => [name, ask(ingest)] as const);
    return { text: told.map(([name, each]) => text(each, name)).join('\n'), data: { command, ...Object.fromEntries(told) } };
  }

  async #subscribe(words: readonly string[]): Promise<Answer> {
    const { name, ingest, rest } = this.#named('subscribe', words);
    const symbols = await ingest.subscribe(rest);
    return { text: symbols.length === 0 ? 'there already\n' : `subscribing to ${symbols.join(', ')}\n`, data: { command: 'subscribe', source: name, symbols } };
  }

  async #unsubscribe(words: readonly string[]): Promise<Answer> {
    const { name, ingest, rest } = this.#named('unsubscribe', words);
    const symbols = await ingest.unsubscribe(rest);
    return { text: symbols.length === 0 ? 'not subscribed\n' : `no more ${symbols.join(', ')}\n`, data: { command: 'unsubscribe', source: name, symbols } };
  }

  async #products(words: readonly string[]): Promise<Answer> {
    const { name, ingest, rest: [part = ''] } = this.#named('products', words, 0);
    const { source } = ingest;
    if (source.products === undefined) throw new DeepwaterError('DW_OPTION_INVALID', `${source.title} does not tell what can be subscribed.`, { values: { source: name } });
    const rest = this.restUrls.get(name);
    const all = await source.products(rest === undefined ? {} : { urls: { rest } });
    const products = all.filter(({ symbol }) => symbol.toLowerCase().includes(part.toLowerCase()));
    const rows = products.slice(0, LISTED_MAX).map(({ symbol, status = '', base = '', quote = '' }) => [symbol, status, base, quote]);
    const more = products.length > LISTED_MAX ? `and ${products.length - LISTED_MAX} more; give a part of the name\n` : '';
    return { text: `${tableText(['symbol', 'status', 'base', 'quote'], rows)}${more}`, data: { command: 'products', source: name, products } };
  }

  #named(command: string, words: readonly string[], least = 1): { name: string; ingest: Ingest; rest: readonly string[] } {
    const [first = ''] = words;
    const [only] = this.ingests;
    const named = this.ingests.get(first);
    const [name, ingest, rest] = named !== undefined ? [first, named, words.slice(1)] as const : [only?.[0] ?? '', only?.[1], words] as const;
    if (ingest === undefined || (named === undefined && this.ingests.size > 1)) {
      throw new DeepwaterError('DW_OPTION_INVALID', `Say which source: ${command} ${[...this.ingests.keys()].join('|')} …`, { values: { command, sources: [...this.ingests.keys()] } });
    }
    if (rest.length < least) throw new DeepwaterError('DW_OPTION_INVALID', `${command} needs a symbol: ${command} ${ingest.status().symbols[0]?.symbol ?? 'BTC-USD'}`, { values: { command } });
    return { name, ingest, rest };
  }
}
