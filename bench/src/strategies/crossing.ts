import type { RowView, StrategyContext, StrategyModule } from 'deepwater';
import type { TickSpec } from '../lib/queries/ticks.js';

export interface CrossingParams {
  /** Ticks that two exponential means look back. */
  readonly fast: number;
  readonly slow: number;
}

/** Holds one while the fast mean is above the slow one: what most sweeps try first. */
export default class Crossing implements StrategyModule<TickSpec, CrossingParams> {
  /** Fast and slow mean. */
  readonly #means = Float64Array.of(NaN, NaN);
  #fast = 0;
  #slow = 0;
  #held = false;

  onStart({ params }: StrategyContext<CrossingParams>): void {
    this.#fast = 2 / (params.fast + 1);
    this.#slow = 2 / (params.slow + 1);
  }

  onRecord({ price }: RowView<TickSpec>, context: StrategyContext<CrossingParams>): void {
    const means = this.#means;
    means[0] = Number.isNaN(means[0]) ? price : means[0] + this.#fast * (price - means[0]);
    means[1] = Number.isNaN(means[1]) ? price : means[1] + this.#slow * (price - means[1]);
    const wanted = means[0] > means[1];
    if (wanted === this.#held) return;
    this.#held = wanted;
    if (wanted) context.broker.buy(context.feed, 1);
    else context.broker.sell(context.feed, 1);
  }
}
