/** What can be made to go wrong, as options and the control API write it. */

/** When a fault strikes. Without any of these: at the next occasion, once. */
export interface When {
  /** At this frame of a connection, counted from 1. Frames of the capture count; answers and snapshots made for the client do not. */
  readonly at?: number;
  /** At each frame with this chance, 0 to 1; which ones the server's `seed` says. */
  readonly chance?: number;
  /** How often in all; 1, or without end where there is a `chance`. */
  readonly times?: number;
  /** On this connection alone, counted from 1 in the order of their coming. */
  readonly connection?: number;
  /** At frames alone whose topic contains this, such as `depth` or `BTC-USD`. */
  readonly topic?: string;
}

/** Faults that strike a frame on its way to one client. */
export type FrameFault = When & (
  /** The frame, and those that follow up to `frames` in all, are lost. */
  | { readonly kind: 'drop'; readonly frames?: number }
  /** The frame comes twice. */
  | { readonly kind: 'duplicate' }
  /** The frame comes after the next one. */
  | { readonly kind: 'reorder' }
  /** Nothing comes for so long, then everything. */
  | { readonly kind: 'stall'; readonly ms: number }
  /** The socket stays open, nothing comes from it any more, and nothing is read from it: pings are not answered. */
  | { readonly kind: 'half-open' }
  /** `json`: a broken text comes before the frame. `binary`: so does a binary message. `truncated`: the frame itself comes cut in half. */
  | { readonly kind: 'garbage'; readonly form: 'json' | 'binary' | 'truncated' }
  /** The connection is closed; 1006, or no code, is a socket that ends without a word. The frame is lost. */
  | { readonly kind: 'close'; readonly code?: number; readonly reason?: string }
);

/** Faults that strike what a client asks for. */
export type RequestFault =
  /** Subscriptions are refused, as the exchange refuses them. */
  | { readonly kind: 'refuse-subscriptions'; readonly times?: number; readonly connection?: number }
  /** Connections are refused with an HTTP status: so many, or for so long. */
  | { readonly kind: 'refuse-connections'; readonly times?: number; readonly ms?: number; readonly status?: number }
  /** REST requests are answered with an error status. */
  | { readonly kind: 'rest-status'; readonly status: number; readonly times?: number; readonly retryAfterS?: number }
  /** REST requests are answered late. */
  | { readonly kind: 'rest-slow'; readonly ms: number; readonly times?: number }
  /** Books asked for by REST are those from the beginning of the capture. */
  | { readonly kind: 'rest-stale'; readonly times?: number };

export type Fault = FrameFault | RequestFault;
export type FaultKind = Fault['kind'];

/** One stroke of a fault, in the order in which they happened. */
export interface FaultRecord {
  /** From 1. */
  readonly number: number;
  readonly kind: FaultKind;
  /** The connection, from 1; 0 for a REST request or a connection that was refused. */
  readonly connection: number;
  /** The frame's number on its connection; 0 where no frame was hit. */
  readonly frame: number;
  /** What the frame is of, or what was asked for. */
  readonly topic: string;
  /** The frame as the client would have had it. */
  readonly text: string;
  /** The capture's time of the frame, microseconds since 1970; 0 where no frame was hit. */
  readonly us: number;
  /** Whether the frame never comes to the client. */
  readonly lost: boolean;
}
