/** What a capture holds, whatever the format of its file: connections with what was sent and received on them, and REST replies. */

/** A frame, when it passed the recorder (microseconds since 1970), and on which of the capture's connections. */
export interface CapturedFrame {
  readonly us: number;
  readonly connection: number;
  readonly text: string;
}

/** A REST reply. The URL is empty where the file does not tell it. */
export interface CapturedReply {
  readonly us: number;
  readonly url: string;
  readonly body: string;
}

/** Times never go back within `received`, `sent` and `replies`. */
export interface Capture {
  /** The address of each connection; empty where the file does not tell it. */
  readonly connections: readonly string[];
  readonly received: readonly CapturedFrame[];
  readonly sent: readonly CapturedFrame[];
  readonly replies: readonly CapturedReply[];
}

/** Gathers the capture of one file, in the order of its lines. */
export class CaptureBuilder {
  readonly connections: string[] = [];
  readonly received: CapturedFrame[] = [];
  readonly sent: CapturedFrame[] = [];
  readonly replies: CapturedReply[] = [];
  #lastUs = 0;

  connection(address: string): number {
    return this.connections.push(address) - 1;
  }

  frame(us: number, connection: number, text: string): void {
    this.received.push({ us: this.#forward(us), connection, text });
  }

  request(us: number, connection: number, text: string): void {
    this.sent.push({ us: this.#forward(us), connection, text });
  }

  reply(us: number, url: string, body: string): void {
    this.replies.push({ us: this.#forward(us), url, body });
  }

  /** The order of lines is the order of events, even where a recorder's clock steps back. */
  #forward(us: number): number {
    this.#lastUs = Math.max(this.#lastUs, us);
    return this.#lastUs;
  }
}

/** Several files as one session: halves of a capture that was cut at midnight, or connections that were open at once. */
export function oneSession(captures: readonly Capture[]): Capture {
  const connections: string[] = [];
  const received: CapturedFrame[] = [];
  const sent: CapturedFrame[] = [];
  const replies: CapturedReply[] = [];
  for (const capture of captures) {
    const before = connections.length;
    const renumbered = (frame: CapturedFrame): CapturedFrame => (before === 0 ? frame : { ...frame, connection: frame.connection + before });
    connections.push(...capture.connections);
    for (const frame of capture.received) received.push(renumbered(frame));
    for (const frame of capture.sent) sent.push(renumbered(frame));
    for (const reply of capture.replies) replies.push(reply);
  }
  // Sorting is stable: frames of one file stay in their order.
  const byTime = (a: { us: number }, b: { us: number }): number => a.us - b.us;
  return { connections, received: received.sort(byTime), sent: sent.sort(byTime), replies: replies.sort(byTime) };
}
