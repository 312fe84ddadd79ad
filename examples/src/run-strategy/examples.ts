/** The strategies that can be run, each with the feeds it wants and parameters that suit the sample data. */
import type { StrategyOptions } from 'deepwater';

export interface Example {
  readonly name: string;
  readonly about: string;
  readonly module: URL;
  /** Names of recordings (see sources/). */
  readonly feeds: readonly string[];
  /** The feed of fills that it writes. */
  readonly fills: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly bars?: StrategyOptions['bars'];
}

const PERPETUAL_QUOTES = 'binance_usdm_btcusdt_quotes';
const PERPETUAL_TRADES = 'binance_usdm_btcusdt_trades';
const SPOT_TRADES = 'binance_spot_btcusdt_trades';
const ETH_TRADES = 'gemini_eth-usd_trades';

export const EXAMPLES: readonly Example[] = [
  {
    name: 'market-maker',
    about: 'quotes both sides of the BTC-USDT perpetual',
    module: new URL('../strategies/market-maker.js', import.meta.url),
    feeds: [PERPETUAL_QUOTES, PERPETUAL_TRADES],
    fills: 'market_maker_fills',
    params: { quotes: PERPETUAL_QUOTES, trades: PERPETUAL_TRADES, fills: 'market_maker_fills', halfSpreadBps: 0.1, skewBps: 1, size: 0.05, maxPosition: 0.5, feeBps: 0 },
  },
  {
    name: 'momentum',
    about: 'follows the trend of ETH-USD over a day, by bars of five minutes',
    module: new URL('../strategies/momentum.js', import.meta.url),
    feeds: [ETH_TRADES],
    fills: 'momentum_fills',
    params: { trades: ETH_TRADES, fills: 'momentum_fills', fastBars: 12, slowBars: 36, size: 1, feeBps: 2 },
    bars: { resolution: '5m' },
  },
  {
    name: 'cross-feed',
    about: 'trades the BTC-USDT perpetual against spot when their prices part',
    module: new URL('../strategies/cross-feed.js', import.meta.url),
    feeds: [SPOT_TRADES, PERPETUAL_TRADES],
    fills: 'cross_feed_fills',
    params: { spot: SPOT_TRADES, future: PERPETUAL_TRADES, fills: 'cross_feed_fills', memory: 200, enter: 2, leave: 0.5, size: 0.1, feeBps: 0.2 },
  },
];
