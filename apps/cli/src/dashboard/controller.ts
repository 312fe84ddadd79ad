/**
 * What is between the source and the screen: takes what is in view at each look, keeps what a person has chosen, and makes the picture. Knows nothing
 * of ink.
 */
import type { IngestStatus, SymbolStatus } from '@deepwater/exchanges';
import { type Data, symbolRate } from './draw/data.js';
import { type Picture, TableWidths, paneStack, pictureOf } from './draw/picture.js';
import { type Plan, type Size, listRows, plan } from './draw/plan.js';
import { RateHistory } from './rate-history.js';
import type { DashboardSource } from './source.js';
import { SymbolList } from './symbol-list.js';
import { INITIAL, type Key, type ViewState, press } from './view-state.js';

/** Keys are answered at once, but not oftener than this, ms: held arrows must not cost the ingest its thread. */
const KEYS_EVERY_MS = 80;

export interface Screenful {
  readonly size: Size;
  readonly picture: Picture;
}

export interface ControllerOptions {
  /** ms since 1970. */
  readonly now?: () => number;
  /** Once, when the dashboard has nothing more to show: the ingest has ended, or this screen is left while it ends. */
  readonly onEnd: () => void;
  /** What the source has thrown while it was looked at; nothing is drawn any more then. */
  readonly onError: (error: unknown) => void;
  /** Everything is to be drawn anew. */
  readonly onRepaint?: () => void;
}

export class Controller {
  #view: ViewState = INITIAL;
  #data: Data;
  #screenful: Screenful;
  #from = 0;
  #ended = false;
  #stopping: Promise<void> | undefined;
  #lastDrawn = -Infinity;
  #soon: NodeJS.Timeout | undefined;
  readonly #list = new SymbolList(symbolRate);
  readonly #history = new RateHistory();
  readonly #widths = new TableWidths();
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;

  constructor(private readonly source: DashboardSource, private size: Size, private readonly options: ControllerOptions) {
    this.#now = options.now ?? Date.now;
    const status = source.status();
    this.#data = { nowMs: this.#now(), status, metrics: source.metrics(), history: [], events: [], tape: [], tops: new Map() };
    this.#screenful = { size, picture: [] };
    this.look();
  }

  get view(): ViewState {
    return this.#view;
  }

  /** What stopping has come to; undefined before it was asked for. */
  get stopping(): Promise<void> | undefined {
    return this.#stopping;
  }

  readonly screenful = (): Screenful => this.#screenful;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  /** Looks at the source and draws; draws nothing while paused. */
  look(): void {
    this.#try(() => {
      if (this.#view.paused && this.#view.quits === 0) {
        // An ingest that has ended is no longer something to look at, paused or not.
        if (this.source.status().state === 'stopped') this.#end();
        return;
      }
      this.#take();
      this.#draw();
      if (this.#data.status.state === 'stopped') this.#end();
    });
  }

  readonly key = (input: string, key: Key): void => {
    if (this.#ended) return;
    if (key.ctrl === true && input === 'l') {
      this.options.onRepaint?.();
      return;
    }
    const before = this.#view;
    this.#view = press(before, input, key, { symbols: this.#list.listed, page: Math.max(1, this.#rowsInView() - 1) });
    if (this.#view.quits > before.quits) this.#quit();
    if (this.#view !== before) this.#drawSoon();
  };

  resize(size: Size): void {
    this.size = size;
    this.#try(() => { this.#draw(); });
  }

  /** Ends the ingest in order, as `q` does. */
  stop(): void {
    if (this.#view.quits > 0 || this.#ended) return;
    this.#view = { ...this.#view, quits: 1 };
    this.#quit();
    this.#try(() => { this.#draw(); });
  }

  close(): void {
    this.#ended = true;
    clearTimeout(this.#soon);
    this.#listeners.clear();
  }

  #quit(): void {
    if (this.#stopping !== undefined) {
      // Asked again: whoever runs the dashboard goes on waiting for it, without a screen.
      if (this.#view.quits > 1) this.#end();
      return;
    }
    // As a promise whatever it does, and handled in any case: whoever runs the dashboard is told by `stopping`.
    this.#stopping = (async () => this.source.stop())();
    this.#stopping.then(() => { this.#end(); }, () => { this.#end(); });
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.options.onEnd();
  }

  #plan(): Plan {
    const { channels, symbols } = this.#data.status;
    return plan(this.size, channels.length, symbols.length);
  }

  #rowsInView(): number {
    const parts = this.#plan();
    return parts.kind === 'tiny' ? 0 : listRows(parts.symbols);
  }

  /** Takes from the source what is in view, and nothing else. */
  #take(): void {
    const nowMs = this.#now();
    const status = this.source.status();
    const metrics = this.source.metrics();
    this.#history.add(metrics.records, nowMs);
    this.#data = { ...this.#data, nowMs, status, metrics, history: this.#history.rates };
    const { listed, from } = this.#listView();
    const parts = this.#plan();
    const shown = new Set(parts.kind === 'tiny' || this.#view.help ? [] : listed.slice(from, from + listRows(parts.symbols)));
    const tapeRows = this.#tapeRows(parts);
    this.#data = {
      ...this.#data,
      events: parts.kind === 'tiny' ? [] : this.source.events(),
      tape: tapeRows === 0 ? [] : this.source.tape(tapeRows, this.#tapeSymbols(status, listed)),
      tops: new Map(status.symbols.filter(({ symbol }) => shown.has(symbol)).map((symbol) => [symbol.symbol, this.source.top(symbol)])),
    };
  }

  #tapeSymbols({ symbols }: IngestStatus, listed: readonly string[]): readonly SymbolStatus[] {
    const { selected, filter } = this.#view;
    if (selected === undefined && filter === '') return symbols;
    const wanted = new Set(selected === undefined ? listed : [selected]);
    return symbols.filter(({ symbol }) => wanted.has(symbol));
  }

  #tapeRows(parts: Plan): number {
    if (parts.kind === 'tiny' || this.#view.help) return 0;
    if (parts.kind === 'narrow') return this.#view.pane === 'tape' ? Math.max(0, parts.pane.height - 2) : 0;
    return Math.max(0, (paneStack(parts.panes, this.#view).find(({ pane }) => pane === 'tape')?.height ?? 2) - 2);
  }

  #listView(): { listed: readonly string[]; from: number } {
    const { filter, sort, selected } = this.#view;
    const listed = this.#list.update(this.#data.status.symbols, filter, sort, this.#data.nowMs);
    const rows = this.#rowsInView();
    const at = selected === undefined ? -1 : listed.indexOf(selected);
    if (selected === undefined) this.#from = 0;
    else if (at >= 0 && at < this.#from) this.#from = at;
    else if (at >= this.#from + rows) this.#from = at - rows + 1;
    this.#from = Math.max(0, Math.min(this.#from, listed.length - rows));
    return { listed, from: this.#from };
  }

  #drawSoon(): void {
    const wait = this.#lastDrawn + KEYS_EVERY_MS - performance.now();
    if (wait <= 0) {
      this.#answer();
      return;
    }
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#answer();
    }, wait);
  }

  /** Draws what a key has changed, with what has come into view by it. */
  #answer(): void {
    this.#try(() => {
      if (!this.#view.paused) this.#take();
      this.#draw();
    });
  }

  /** Keys and sizes come from elsewhere, where nobody could be told of an error. */
  #try(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (error) {
      this.close();
      this.options.onError(error);
    }
  }

  #draw(): void {
    const { columns, rows } = this.size;
    const { filter, sort, help } = this.#view;
    this.#widths.lookAt(JSON.stringify([columns, rows, filter, sort, help]));
    this.#screenful = { size: this.size, picture: pictureOf(this.#data, this.#view, this.#listView(), this.size, this.#plan(), this.#widths) };
    this.#lastDrawn = performance.now();
    for (const listener of this.#listeners) listener();
  }
}
