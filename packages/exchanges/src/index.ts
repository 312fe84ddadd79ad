/** Records of real exchanges. */
export { coinbase } from './coinbase.js';
export { coinbaseExchange } from './coinbase-exchange.js';
export { kraken } from './kraken.js';
export { krakenV1 } from './kraken-v1.js';
export { BadFrame, CHANNELS, CHANNEL_ALIASES } from './exchange.js';
export type { Channel, ConnectionLimits, Exchange, ExchangeSession, SessionEvent, SessionEventKind, SessionHost, Wanted } from './exchange.js';
export { ExchangeConnection } from './connection.js';
export type { ConnectionEvent, ConnectionOptions } from './connection.js';
export type { BackoffOptions } from './backoff.js';
export { FeedSink } from './records/feed-sink.js';
export type { RecordWriter, SymbolWriters } from './records/feed-sink.js';
export { BOOK_FLAGS, recordFeedName, recordFeedSpec } from './records/record-feeds.js';
export type { RecordFeedOptions } from './records/record-feeds.js';
export type { Amount, BookSide, RecordSink, SymbolSink, TakerSide } from './record-sink.js';
export { binance, binanceCoinm, binanceUsdm } from './binance.js';
export { bybit, bybitInverse, bybitLinear } from './bybit.js';
export type { ChannelMetrics, ConnectionStatus, IngestMetrics, IngestStatus, Percentiles, SymbolStatus } from './ingest/status.js';
