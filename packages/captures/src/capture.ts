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

/** A connection, as a file tells of it. Address and name are empty where it does not. */
export interface CapturedConnection {
  readonly address: string;
  readonly name: string;
  /** It may have been open before the file began: one of this name in the file before goes on. */
  readonly continued: boolean;
  /** When it was made; undefined where the file does not tell it. */
  readonly us?: number;
}

/** Told what a capture says, line by line. Within a file times never go back. */
export interface CaptureSink {
  /** @returns its number, for what passes on it */
  connection(connection: CapturedConnection): number;
  received(frame: CapturedFrame): void;
  sent(frame: CapturedFrame): void;
  replied(reply: CapturedReply): void;
}

/** Several files as one session: parts of a recording, or connections that were open at once. */
export class CaptureBuilder implements CaptureSink {
  readonly #connections: string[] = [];
  readonly #byName = new Map<string, number>();
  readonly #received: CapturedFrame[] = [];
  readonly #sent: CapturedFrame[] = [];
  readonly #replies: CapturedReply[] = [];

  connection({ address, name, continued }: CapturedConnection): number {
    // One without a name may be any: each file's is its own.
    const known = continued && name !== '' ? this.#byName.get(name) : undefined;
    if (known !== undefined) return known;
    const made = this.#connections.push(address) - 1;
    this.#byName.set(name, made);
    return made;
  }

  received(frame: CapturedFrame): void {
    this.#received.push(frame);
  }

  sent(frame: CapturedFrame): void {
    this.#sent.push(frame);
  }

  replied(reply: CapturedReply): void {
    this.#replies.push(reply);
  }

  build(): Capture {
    // Sorting is stable: frames of one file stay in their order.
    const byTime = (a: { us: number }, b: { us: number }): number => a.us - b.us;
    return { connections: this.#connections, received: this.#received.sort(byTime), sent: this.#sent.sort(byTime), replies: this.#replies.sort(byTime) };
  }
}
