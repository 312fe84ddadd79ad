export { spawnStrategy } from './spawn-strategy.js';
export { Strategy, type StrategyEnd } from './strategy.js';
export type { StrategyMetrics, StrategyState } from './strategy-metrics.js';
export type { StrategyContext } from './context.js';
export type { StrategyHost } from './strategy-host.js';
export type { StrategyEnding, StrategyLoss, StrategyModule } from './strategy-module.js';
export type { StrategyOptions } from './strategy-options.js';
