import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { CapturedFrame } from '@deepwater/captures';

/** How long frames are played without letting anybody else have a turn. */
const TURN_MS = 5;
/** Played as fast as it is taken, the slowest client has no more than this before it. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Longest sleep, so that pauses and ends are seen. */
const SLEEP_MS_MAX = 20;

export interface PlaybackTarget {
  /** Takes the next frame. */
  play(frame: CapturedFrame): void;
  /** Bytes that the slowest client has before it; Infinity where nobody takes anything. */
  waiting(): number;
  /** The last frame has been played. @returns whether to begin again */
  ended(): boolean;
}

/** The capture's frames one after the other, at their times or as fast as they are taken. */
export class Playback {
  readonly #frames: readonly CapturedFrame[];
  /** Times the capture's own pace; Infinity is as fast as clients take it. */
  readonly #speed: number;
  readonly #target: PlaybackTarget;
  #at = 0;
  #rounds = 0;
  #playing = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  /** The moment, by this process's clock, at which the capture's first frame is due; it moves with every pause. */
  #originMs = 0;

  constructor(frames: readonly CapturedFrame[], speed: number, target: PlaybackTarget) {
    this.#frames = frames;
    this.#speed = speed;
    this.#target = target;
  }

  /** Frames played in this round. */
  get at(): number {
    return this.#at;
  }

  /** Rounds that are over. */
  get rounds(): number {
    return this.#rounds;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** The capture's time of the last frame that was played, microseconds since 1970. */
  get us(): number {
    return this.#frames[Math.max(0, this.#at - 1)]?.us ?? 0;
  }

  play(): void {
    if (this.#playing || this.#stopped || this.#at >= this.#frames.length) return;
    this.#playing = true;
    this.#fromHere();
    this.#running ??= this.#run();
  }

  pause(): void {
    this.#playing = false;
  }

  /** Plays the next frames at once, whatever the pace. */
  step(frames: number): void {
    for (let left = frames; left > 0 && this.#at < this.#frames.length; left--) this.#next();
    this.#fromHere();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (!this.#playing) await sleep(1);
      else if (this.#speed === Infinity) await this.#asTaken();
      else await this.#atTheirTimes();
    }
  }

  async #asTaken(): Promise<void> {
    const untilMs = performance.now() + TURN_MS;
    while (this.#playing && this.#at < this.#frames.length && performance.now() < untilMs) {
      if (this.#target.waiting() > WAITING_BYTES_MAX) return sleep(1);
      this.#next();
    }
    return nextTurn();
  }

  async #atTheirTimes(): Promise<void> {
    const untilMs = performance.now() + TURN_MS;
    while (this.#playing && this.#at < this.#frames.length) {
      const nowMs = performance.now();
      const dueMs = this.#originMs + this.#offsetMs(this.#at);
      if (dueMs > nowMs) return sleep(Math.min(dueMs - nowMs, SLEEP_MS_MAX));
      if (nowMs > untilMs) return nextTurn();
      this.#next();
    }
    return nextTurn();
  }

  #next(): void {
    this.#target.play(this.#frames[this.#at++]);
    if (this.#at < this.#frames.length) return;
    this.#rounds++;
    if (!this.#target.ended()) {
      this.#playing = false;
      return;
    }
    this.#at = 0;
    this.#fromHere();
  }

  /** The next frame is due now. */
  #fromHere(): void {
    this.#originMs = performance.now() - this.#offsetMs(Math.min(this.#at, this.#frames.length - 1));
  }

  #offsetMs(at: number): number {
    return this.#speed === Infinity ? 0 : (this.#frames[at].us - this.#frames[0].us) / 1000 / this.#speed;
  }
}
