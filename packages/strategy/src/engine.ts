/** What runs strategies elsewhere than in threads of their own: backtests. Not for programs. */
export { checkBroker } from './broker/broker-options.js';
export { Market } from './broker/market.js';
export { MarketClock } from './broker/market-clock.js';
export { PaperBroker, noBroker } from './broker/paper-broker.js';
export type { Row } from './broker/row-numbers.js';
export { copied, plainMetrics } from './copied.js';
export { FeedInput, type RecordSource } from './feed-inputs.js';
export { Giving } from './giving.js';
export { HandlerCalls, HandlerError } from './handler-calls.js';
export type { Failure } from './protocol.js';
export { checkBarKeys, namesOf, strategyName, timeoutOf, wrong } from './option-values.js';
export { randomNumbers } from './random.js';
export { STAT, newStats, positionAt } from './shared-stats.js';
export { notCopyable, strategyError, unknownFeed } from './strategy-error.js';
export { type Handlers, checkBarsGiven, handlersOf, importModule, isClass } from './strategy-module.js';
export { copyOfParams, moduleUrl } from './strategy-options.js';
