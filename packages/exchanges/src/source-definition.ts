/** What somebody writes to add a source; `defineSource` makes a `Source` of it. */
import type { Channel, ConnectionLimits, ExchangeSession, SessionEvent, SessionHost, Wanted } from './exchange.js';
import type { ListProducts } from './products/product.js';
import type { RecordSink } from './record-sink.js';
import type { StreamHost, StreamLimits } from './source.js';

interface DefinitionOfAny {
  /** 1 to 40 of a-z 0-9 -, beginning with a letter: feeds are named after it. */
  readonly name: string;
  /** For people; the name by default. */
  readonly title?: string | undefined;
  /** `spot` by default. */
  readonly market?: string | undefined;
  /** What it has, `trades` alone by default. */
  readonly channels?: readonly Channel[] | undefined;
  /** What its trades are told apart by: `none` by default, ids are 0 then. */
  readonly tradeIds?: 'number' | 'text' | 'none' | undefined;
  /** By default upper case, of characters that a feed can be named by. What it throws is told as the reason why a symbol is none. */
  symbolOf?(typed: string): string;
  readonly products?: ListProducts | undefined;
}

/** A source with a transport of its own. */
export interface StreamDefinition extends DefinitionOfAny {
  /** 100 symbols of a run by default, and no silence. */
  readonly limits?: Partial<StreamLimits> | undefined;
  /** See StreamSource.run. */
  run(wanted: Wanted, host: StreamHost): Promise<void>;
}

interface DefinitionOfSocket extends DefinitionOfAny {
  /** Where the socket is: `wss://stream.example.com/v1`. */
  readonly url: string;
  /** Below what `get` asks: `https://api.example.com`. */
  readonly rest?: string | undefined;
  /** By default 50 symbols of a connection, 5 frames sent in a second, and a connection is dead after 60 seconds without a frame. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/** A frame to be sent: a text, or an object that is sent as JSON. */
export type OutgoingFrame = string | object;

/** What `message` may ask for besides the records. */
export interface MessageHost extends Pick<SessionHost, 'get' | 'lastTrade' | 'restart'> {
  /** When the message came, by this machine's clock, microseconds since 1970. */
  readonly receivedUs: number;
  send(frame: OutgoingFrame): void;
  event(event: SessionEvent): void;
}

/** A WebSocket with messages that say each for itself what they mean. */
export interface SocketDefinition extends DefinitionOfSocket {
  /** The frames that ask for so much; sent one after the other, within the limits. */
  subscribe(wanted: Wanted): readonly OutgoingFrame[];
  /** The frames that ask for less. Without it what still comes is dropped, and the next connection does not ask for it. */
  unsubscribe?(wanted: Wanted): readonly OutgoingFrame[];
  /**
   * Makes records of a message: what JSON.parse makes of it, or the text (`format: 'text'`). A message for which it throws is kept aside and counted, and
   * the stream goes on; `BadFrame` gives the reason that it is counted by.
   */
  message(message: unknown, records: RecordSink, host: MessageHost): void;
  /** `json` by default. */
  readonly format?: 'json' | 'text' | undefined;
  /** Sent so often, where the other side wants to hear from us, or answers nothing else for long. */
  readonly ping?: { readonly everyMs: number; readonly frame: OutgoingFrame } | undefined;
}

/** A WebSocket with a protocol: sequence numbers, checksums, snapshots by REST. */
export interface SessionDefinition extends DefinitionOfSocket {
  /** See Exchange.newSession. */
  newSession(wanted: Wanted, host: SessionHost): ExchangeSession;
}

export type SourceDefinition = StreamDefinition | SocketDefinition | SessionDefinition;

