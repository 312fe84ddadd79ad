/** What a strategy is: a module with handlers, and how it is found in what a module exports. */
import { DeepwaterError, type AnySpec, type FeedSpec, describeValue, nearMatches } from '@deepwater/core/engine';
import type { Bar, BarOptions, LostRange, RowView, Run } from '@deepwater/query';
import type { Fill } from './broker/order.js';
import type { StrategyContext } from './context.js';

/** Why a strategy is coming to its end. */
export interface StrategyEnding {
  /** `stopped`: somebody asked for it (`strategy.stop()`, `context.stop()`, the end of the platform). `failed`: a handler threw. */
  readonly reason: 'stopped' | 'failed';
  /** What was thrown. */
  readonly error?: unknown;
}

/** Records that were overwritten or deleted before the strategy took them: numbers [from, to). */
export interface StrategyLoss extends LostRange {
  readonly feed: string;
}

/**
 * The handlers of a strategy. A module exports them by name, or has a default export that is an object or a class with them.
 * `onRecord` or `onBatch` (not both) or `onBar` has to be there. They run in the strategy's own thread, one at a time: where one
 * gives a promise, nothing else is called until that is settled. Between calls the thread's event loop runs, so timers, sockets
 * and promises work as usual.
 *
 * @typeParam S spec of the feed, or of each of the feeds. @typeParam P the parameters
 */
export interface StrategyModule<S extends AnySpec = FeedSpec, P = unknown> {
  /** Called first, when the feeds are followed already: no record that comes from here on is missed. */
  onStart?(context: StrategyContext<P>): unknown;
  /** Called for each record: a flyweight that moves to the next record afterwards. `context.feed` is where it comes from. */
  onRecord?(record: RowView<S>, context: StrategyContext<P>): unknown;
  /** Called for each run of records that came one after the other, instead of for each record; of several feeds in the order of time. */
  onBatch?(run: Run<S>, context: StrategyContext<P>): unknown;
  /**
   * Called for each complete bar, where bars were asked for; before the record that completed it. Bars of which records are
   * gone are left out.
   */
  onBar?(bar: Bar, context: StrategyContext<P>): unknown;
  /**
   * Called for each order that the broker on paper has filled, before the record that filled it is given; with `onBatch`, before
   * the run that this record belongs to.
   */
  onFill?(fill: Fill, context: StrategyContext<P>): unknown;
  /** Called where records were lost: on a memory feed that was faster, or by retention. */
  onLoss?(loss: StrategyLoss, context: StrategyContext<P>): unknown;
  /** Called after `strategy.setParams()`; `context.params` are the new ones already. */
  onParams?(params: P, context: StrategyContext<P>): unknown;
  /** Called last, also where a handler threw. */
  onStop?(context: StrategyContext<P>, ending: StrategyEnding): unknown;
}

export const HANDLERS = ['onStart', 'onRecord', 'onBatch', 'onBar', 'onFill', 'onLoss', 'onParams', 'onStop'] as const;
export type HandlerName = (typeof HANDLERS)[number];

/** The handlers that a module has, bound to what they belong to. Called with whatever the strategy was built for. */
export type Handlers = { readonly [Name in HandlerName]?: (...args: never[]) => unknown };

/** The namespace of a module. @param url where it is loaded from, if its file has more than one @throws DeepwaterError DW_STRATEGY_INVALID */
export async function importModule(module: string, url: string = module): Promise<Record<string, unknown>> {
  try {
    return await import(url) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new DeepwaterError('DW_STRATEGY_INVALID', `The strategy module ${module} does not load: ${why}`, { values: { module }, cause: error });
  }
}

/** `onBar` needs bars. @param call who was to be told which @throws DeepwaterError DW_OPTION_INVALID */
export function checkBarsGiven(module: string, handlers: Handlers, bars: BarOptions | undefined, call: string): void {
  if (handlers.onBar === undefined || bars !== undefined) return;
  throw new DeepwaterError('DW_OPTION_INVALID', `The strategy module ${module} has onBar, and ${call} was not told which bars: give { bars: { resolution: '1m' } }.`, { values: { module } });
}

/** @param exported the namespace of a module @throws DeepwaterError DW_STRATEGY_INVALID */
export function handlersOf(exported: Readonly<Record<string, unknown>>, where: string): Handlers {
  const owner = ownerOf(exported, where);
  const found: Partial<Record<HandlerName, (...args: never[]) => unknown>> = {};
  for (const name of HANDLERS) {
    const handler = owner[name];
    if (handler === undefined) continue;
    if (typeof handler !== 'function') throw invalid(where, `its ${name} is ${describeValue(handler)}, not a function`, { handler: name });
    found[name] = (handler as (...args: never[]) => unknown).bind(owner);
  }
  if (found.onRecord !== undefined && found.onBatch !== undefined) {
    throw invalid(where, 'it has both onRecord and onBatch, and would be given each record twice', { handlers: Object.keys(found) });
  }
  if (found.onRecord === undefined && found.onBatch === undefined && found.onBar === undefined) {
    const names = namesIn(owner);
    const meant = names.flatMap((name) => (HANDLERS as readonly string[]).includes(name) ? [] : nearMatches(name, HANDLERS).map((near) => `${name} (${near}?)`));
    const has = names.length === 0 ? 'it exports nothing' : `of the handlers it has ${Object.keys(found).join(', ') || 'none'}${meant.length > 0 ? `, but ${meant.join(', ')}` : ''}`;
    throw invalid(where, `${has}; export onRecord(record, context), onBatch(run, context) or onBar(bar, context)`, { exports: names });
  }
  return found;
}

/** What has the handlers: the module itself, or its default export; of a class, an instance. */
function ownerOf(exported: Readonly<Record<string, unknown>>, where: string): Readonly<Record<string, unknown>> {
  if (HANDLERS.some((name) => exported[name] !== undefined)) return exported;
  const given = exported['default'];
  if (typeof given === 'object' && given !== null) return given as Record<string, unknown>;
  if (typeof given !== 'function') return exported;
  if (!isClass(exported)) {
    throw invalid(where, 'its default export is a function that is no class with handlers', {});
  }
  return new (given as new () => Record<string, unknown>)();
}

/** Whether a module is a strategy by a class, its default export: then an instance is all the state that it has of its own. */
export function isClass(exported: Readonly<Record<string, unknown>>): boolean {
  if (HANDLERS.some((name) => exported[name] !== undefined)) return false;
  const given = exported['default'];
  const { prototype } = (typeof given === 'function' ? given : {}) as { prototype?: object };
  return prototype !== undefined && HANDLERS.some((name) => name in prototype);
}

/** Names that may be handlers: of exports, and of methods of a class. */
function namesIn(owner: object): string[] {
  const prototype = Object.getPrototypeOf(owner) as object | null;
  const inherited = prototype === null || prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype);
  return [...new Set([...Object.getOwnPropertyNames(owner), ...inherited])].filter((name) => name !== 'constructor');
}

function invalid(where: string, what: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_STRATEGY_INVALID', `The strategy module ${where} cannot be used: ${what}.`, { values: { module: where, ...values } });
}
