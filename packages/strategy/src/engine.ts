/** What runs strategies elsewhere than in threads of their own: backtests. Not for programs. */
export { checkBroker } from './broker/broker-options.js';
export { Market } from './broker/market.js';
export { MarketClock } from './broker/market-clock.js';
export { PaperBroker, noBroker } from './broker/paper-broker.js';
export { copied } from './copied.js';
export { FeedInput, type RecordSource } from './feed-inputs.js';
export { Giving, type Pace } from './giving.js';
export { HandlerCalls, HandlerError } from './handler-calls.js';
export type { Failure } from './protocol.js';
export { checkBarKeys, namesOf, strategyName, timeoutOf, wrong } from './option-values.js';
export { randomNumbers } from './random.js';
export { STAT, newStats, positionAt } from './shared-stats.js';
export { strategyError } from './strategy-error.js';
export { handlersOf, isClass } from './strategy-module.js';
export { copyOfParams, moduleUrl } from './strategy-options.js';
