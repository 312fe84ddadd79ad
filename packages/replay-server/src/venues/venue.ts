/** What a venue is to the server: how it is spoken to, and what its capture says. Sockets, pace and faults are none of its business. */
import type { Capture, CapturedFrame } from '@deepwater/captures';

/** A venue's market, played from a capture. Its books go on with every frame, whether anybody listens or not. */
export interface Market {
  /**
   * Takes the next frame of the capture into the books.
   * @returns what subscribers are to be told; nothing for the answers to what the recorder had asked
   */
  take(frame: CapturedFrame): readonly Publication[];
  /** Everything is as it was before the first frame. Subscriptions stay. */
  reset(): void;
  /** One who has connected; undefined where the venue has nothing at this path. */
  client(link: ClientLink, url: URL): VenueClient | undefined;
  /** Answers a GET. @param stale with the book from the beginning */
  rest(url: URL, stale: boolean): RestAnswer | undefined;
}

/** What the market tells its subscribers. */
export interface Publication {
  /** In words of the venue: faults name frames by it, and clients are asked whether they want it. */
  readonly topic: string;
  readonly text: string;
  /** `text`, parsed; or what the venue's clients want to know of it. */
  readonly message: unknown;
  /** When it was captured, microseconds since 1970. */
  readonly us: number;
}

/** The venue's side of one connection. */
export interface VenueClient {
  /** The connection is open: greets, where the venue does. */
  opened(): void;
  /** What the client sends: subscriptions, pings. */
  message(text: string): void;
  /** Sends what the market tells, where the client has subscribed to it. */
  publish(publication: Publication): void;
}

/** What a venue's client may do with its connection. */
export interface ClientLink {
  /** Sends an answer, or a snapshot that is made for this client. Faults of frames do not hit it. */
  say(text: string): void;
  /** Sends what the market tells. */
  frame(text: string, publication: Publication): void;
  /** Whether a fault wants this subscription to be refused. */
  refused(topic: string): boolean;
  /** There is a subscription: playback may begin. */
  subscribed(): void;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: string;
}

/** Makes the market of a venue from a capture. @throws DeepwaterError DW_OPTION_INVALID where the capture is of another venue */
export type OpenMarket = (capture: Capture) => Market;
