import type { WebSocket } from 'ws';
import type { FaultPlan, FrameAtRisk } from './faults/fault-plan.js';
import type { FrameFault } from './faults/fault.js';
import type { Publication } from './venues/venue.js';

/** A client that leaves more than this unread is closed, as exchanges do. */
const UNREAD_BYTES_MAX = 256 * 1024 * 1024;
/** Closed by the server, because the client is too slow. */
const POLICY_VIOLATION = 1008;
/** Not to be sent in a close frame: the socket ends without one. */
const ABNORMAL = 1006;

/** The way to one client: frames in their order, and what faults make of them. */
export class Outlet {
  readonly #socket: WebSocket;
  readonly #plan: FaultPlan;
  readonly #connection: number;
  /** Frames of the capture that were to be sent. */
  #frames = 0;
  #dropping = 0;
  /** A frame that waits for the next one to pass it. */
  #passed: string | undefined;
  #stalled: NodeJS.Timeout | undefined;
  #queue: (string | Buffer)[] = [];
  #queuedBytes = 0;
  /** Nothing is sent any more. */
  #over = false;

  constructor(socket: WebSocket, plan: FaultPlan, connection: number) {
    this.#socket = socket;
    this.#plan = plan;
    this.#connection = connection;
  }

  /** Bytes that the client has not taken yet. */
  get waiting(): number {
    return this.#over ? 0 : this.#socket.bufferedAmount + this.#queuedBytes;
  }

  /** Whether the client hears nothing from the server any more, pongs neither. */
  get over(): boolean {
    return this.#over;
  }

  /** Sends what is not subject to faults of frames; it waits its turn in a stall. */
  say(text: string): void {
    this.#send(text);
  }

  /** Sends a frame of the capture, or does to it what a fault wants. */
  frame(text: string, { topic, us }: Publication): void {
    if (this.#over) return;
    const at: FrameAtRisk = { connection: this.#connection, frame: ++this.#frames, topic, text, us };
    if (this.#dropping > 0) {
      this.#dropping--;
      this.#plan.record('drop', at, true);
      return;
    }
    const fault = this.#plan.strike(at);
    // A frame that waits to be passed goes once another has come through; it cannot wait for a third.
    const passed = this.#passed;
    if (fault === undefined) this.#send(text);
    else this.#strike(fault, at, passed !== undefined);
    if (passed === undefined) return;
    this.#passed = undefined;
    this.#send(passed);
  }

  /** Nothing follows: what waits to be passed is sent. */
  flush(): void {
    if (this.#passed === undefined) return;
    this.#send(this.#passed);
    this.#passed = undefined;
  }

  /** Closes once everything is sent. @param code 1006 for a socket that ends without a word */
  close(code: number, reason = ''): void {
    if (this.#over) return;
    this.#endStall();
    this.#over = true;
    if (code !== ABNORMAL) this.#socket.close(code, reason);
    else this.#endWhenSent();
  }

  /** Gives the socket up at once. */
  terminate(): void {
    clearTimeout(this.#stalled);
    this.#over = true;
    this.#socket.terminate();
  }

  #strike(fault: FrameFault, at: FrameAtRisk, passing: boolean): void {
    const { text } = at;
    switch (fault.kind) {
      case 'drop':
        this.#dropping = (fault.frames ?? 1) - 1;
        return this.#plan.record('drop', at, true);
      case 'duplicate':
        this.#send(text);
        this.#send(text);
        return this.#plan.record('duplicate', at, false);
      case 'reorder':
        if (passing) return this.#send(text);
        this.#passed = text;
        return this.#plan.record('reorder', at, false);
      case 'stall':
        this.#plan.record('stall', at, false);
        this.#stall(fault.ms);
        return this.#send(text);
      case 'garbage':
        this.#plan.record('garbage', at, fault.form === 'truncated');
        if (fault.form === 'truncated') return this.#send(text.slice(0, text.length >> 1));
        this.#send(fault.form === 'json' ? '{"type":"garbage","broken":[1,2,' : Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x7f, 0x01]));
        return this.#send(text);
      case 'half-open':
        this.#plan.record('half-open', at, true);
        this.flush();
        // Not read from either: neither pings nor a close are answered.
        this.#over = true;
        return this.#socket.pause();
      case 'close':
        this.#plan.record('close', at, true);
        this.flush();
        return this.close(fault.code ?? ABNORMAL, fault.reason);
    }
  }

  #send(data: string | Buffer): void {
    if (this.#over || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#stalled !== undefined) {
      this.#queue.push(data);
      this.#queuedBytes += data.length;
    } else {
      this.#socket.send(data);
    }
    if (this.waiting > UNREAD_BYTES_MAX) this.close(POLICY_VIOLATION, 'too slow');
  }

  #stall(ms: number): void {
    clearTimeout(this.#stalled);
    this.#stalled = setTimeout(() => this.#endStall(), ms);
  }

  #endStall(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const data of queue) this.#send(data);
  }

  #endWhenSent(): void {
    if (this.#socket.bufferedAmount === 0 || this.#socket.readyState !== this.#socket.OPEN) this.#socket.terminate();
    else setTimeout(() => this.#endWhenSent(), 1);
  }
}
