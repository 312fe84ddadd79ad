import type { RowView, StrategyContext, StrategyModule } from 'deepwater';
import type { TickSpec } from '../lib/queries/ticks.js';

/** Looks at every value of every record, and says what they add up to. */
export default class AddingUp implements StrategyModule<TickSpec> {
  /** In an array: as properties they would become objects on the heap. */
  readonly #sums = new Float64Array(3);

  onRecord({ price, size, timestamp }: RowView<TickSpec>): void {
    this.#sums[0] += price;
    this.#sums[1] += size;
    this.#sums[2] += timestamp % 1021;
  }

  onStop(context: StrategyContext): void {
    context.emit([...this.#sums]);
  }
}
