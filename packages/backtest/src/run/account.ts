import type { Schema } from '@deepwater/core/engine';
import type { Fill } from '@deepwater/strategy';
import { Market, type MarketClock, PaperBroker, type Row, checkBroker } from '@deepwater/strategy/engine';
import { EquitySampler } from './equity-sampler.js';
import type { RunOutcome, RunPlan } from './payload.js';
import { FillTotals, statisticsOf } from './statistics.js';
import { TradeLog } from './trade-log.js';

/** Nothing of the strategy's runs between two records, unless it is waited for: the clock can stay where it is. */
export class ReplayedMarket extends Market {
  override leave(): void {}
}

/** A market that takes the equity at its times, before the record that comes then. */
class SampledMarket extends ReplayedMarket {
  first: number | undefined;
  last = 0;

  constructor(clock: MarketClock, private readonly paper: PaperBroker, private readonly sampler: EquitySampler) {
    super(clock, paper);
  }

  override see(feed: number, row: Row, sequence: number): void {
    this.clock.see(feed, row);
    const time = this.clock.now();
    if (time >= this.sampler.next) this.sampler.pass(time, this.paper.equity);
    this.first ??= time;
    this.last = time;
    this.paper.see(feed, row, sequence);
  }
}

/** The broker's account of a run: its fills, the trades they make, and the equity over time. */
export class Account {
  readonly market: SampledMarket;
  readonly #cash: number;
  readonly #broker: PaperBroker;
  readonly #sampler: EquitySampler;
  readonly #totals = new FillTotals();
  readonly #trades: TradeLog;
  readonly #fills: Fill[] = [];

  constructor(options: NonNullable<RunPlan['broker']>, { keep, sampleUs }: RunPlan, feeds: readonly { readonly feed: string; readonly schema: Schema }[], clock: MarketClock) {
    const checked = checkBroker(options, feeds);
    this.#cash = checked.cash;
    this.#trades = new TradeLog(keep.trades);
    this.#sampler = new EquitySampler(checked.cash, sampleUs);
    this.#broker = new PaperBroker(checked, feeds.map(({ schema }) => schema), clock, (fill) => {
      if (this.#fills.length < keep.fills) this.#fills.push(fill);
      this.#totals.add(fill);
      this.#trades.add(fill);
    });
    this.market = new SampledMarket(clock, this.#broker, this.#sampler);
  }

  /** What it came to in the end. */
  close(): Pick<RunOutcome, 'fills' | 'trades' | 'equity' | 'stats'> & { readonly counts: Pick<RunOutcome['counts'], 'fills' | 'trades'> } {
    const { equity: final } = this.#broker;
    const equity = this.#sampler.finish(final);
    return {
      fills: this.#fills, trades: [...this.#trades.kept, ...this.#trades.open], equity,
      stats: statisticsOf(this.#cash, final, equity, this.#totals, this.#trades, this.market.first ?? 0, this.market.last),
      counts: { fills: this.#totals.count, trades: this.#trades.closed },
    };
  }
}
