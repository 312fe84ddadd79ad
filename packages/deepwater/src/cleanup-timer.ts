/** How far a run may come before or after its time, as a part of it: processes that began together do not stay together. */
const JITTER = 0.1;

/** Runs something again and again, never two at once, and keeps no process alive. The first run is one interval away. */
export class CleanupTimer {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** @param run must not throw @param minutes 0: never */
  constructor(private readonly run: () => Promise<void>, private readonly minutes: number) {
    this.#plan();
  }

  /** Waits for a run that is under way; the next one does not come. */
  async stop(): Promise<void> {
    this.stopSync();
    await this.#running;
  }

  stopSync(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    if (this.minutes === 0 || this.#stopped) return;
    const ms = this.minutes * 60_000 * (1 + JITTER * (2 * Math.random() - 1));
    this.#timer = setTimeout(() => {
      this.#running = this.run().finally(() => {
        this.#running = undefined;
        this.#plan();
      });
    }, ms);
    this.#timer.unref();
  }
}
