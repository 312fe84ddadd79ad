export { type BacktestHost, backtest } from './backtest.js';
export { paramGrid } from './param-grid.js';
export { type Metric, type WalkForwardOptions, type WalkForwardProgress, type WalkForwardResult, type WalkForwardWindow, walkForward } from './walk-forward.js';
export type { BacktestOptions, BacktestProgress } from './options.js';
export type { BacktestResult, LogLine } from './result.js';
export type { EquityCurve } from './run/equity-sampler.js';
export type { Keep } from './run/payload.js';
export type { Statistics } from './run/statistics.js';
export type { Trade } from './run/trade-log.js';
