import type { StrategyContext } from 'deepwater';

/** The feed that a strategy here writes: one record for each of its fills. */
export const FILL_FIELDS = [
  { name: 'instrument', type: 'symbol' },
  { name: 'side', type: 'char', desc: 'B bought, S sold' },
  { name: 'price', type: 'float64' },
  { name: 'size', type: 'float64' },
  { name: 'position', type: 'float64', desc: 'of this instrument, after the fill' },
  { name: 'equity', type: 'float64', desc: 'cash and positions at their last marks, after fees, in the quote currency' },
  { name: 'timestamp_us', type: 'uint64', unit: 'us', as: 'number' },
] as const;

/** What a strategy has to say when it ends. */
export interface Summary {
  readonly fills: number;
  /** Bought and sold, in the quote currency. */
  readonly turnover: number;
  readonly fees: number;
  readonly equity: number;
  readonly positions: Readonly<Record<string, number>>;
}

interface Holding {
  position: number;
  mark: number;
}

/** Cash and positions of a strategy that trades on paper. Each fill is written to its feed of fills. */
export class Account {
  #cash = 0;
  #fees = 0;
  #turnover = 0;
  #fills = 0;
  readonly #holdings = new Map<string, Holding>();

  /**
   * @param fillsFeed named in `writes` of spawnStrategy
   * @param feeBps fee on each fill, in hundredths of a percent of its value
   */
  constructor(private readonly context: StrategyContext<unknown>, private readonly fillsFeed: string, private readonly feeBps: number) {}

  position(instrument: string): number {
    return this.#holdings.get(instrument)?.position ?? 0;
  }

  /** The price at which a position is valued from now on. */
  mark(instrument: string, price: number): void {
    this.#holding(instrument).mark = price;
  }

  /** @param size positive: bought; negative: sold */
  fill(instrument: string, price: number, size: number, timeUs: number): void {
    const holding = this.#holding(instrument);
    const fee = Math.abs(price * size) * (this.feeBps / 10_000);
    holding.position += size;
    holding.mark = price;
    this.#cash -= price * size + fee;
    this.#fees += fee;
    this.#turnover += Math.abs(price * size);
    this.#fills++;
    this.context.writer(this.fillsFeed).writeValues(instrument, size > 0 ? 'B' : 'S', price, Math.abs(size), holding.position, this.equity, timeUs);
    this.context.metrics['fills'] = this.#fills;
    this.context.metrics['equity'] = this.equity;
  }

  get equity(): number {
    let equity = this.#cash;
    for (const { position, mark } of this.#holdings.values()) equity += position * mark;
    return equity;
  }

  get summary(): Summary {
    const positions = Object.fromEntries([...this.#holdings].map(([instrument, { position }]) => [instrument, position]));
    return { fills: this.#fills, turnover: this.#turnover, fees: this.#fees, equity: this.equity, positions };
  }

  #holding(instrument: string): Holding {
    let holding = this.#holdings.get(instrument);
    if (holding === undefined) this.#holdings.set(instrument, (holding = { position: 0, mark: 0 }));
    return holding;
  }
}
