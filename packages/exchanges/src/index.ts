/** Records of real exchanges. */
export { coinbase } from './coinbase.js';
export { coinbaseExchange } from './coinbase-exchange.js';
export { BadFrame, CHANNELS, CHANNEL_ALIASES } from './exchange.js';
export type { Channel, ConnectionLimits, Exchange, ExchangeSession, SessionEvent, SessionEventKind, SessionHost, Wanted } from './exchange.js';
export type { Amount, BookSide, RecordSink, SymbolSink, TakerSide } from './record-sink.js';
