/** Events of a strategy, in order: held back until somebody can listen, and apart from the strategy's own steps. */
export class Telling {
  #untold: (() => void)[] | undefined = [];

  /** From here on events are told at once: `spawnStrategy` has returned, and its caller can have listeners. */
  begin(): void {
    const untold = this.#untold ?? [];
    this.#untold = undefined;
    for (const event of untold) this.tell(event);
  }

  tell(event: () => void): void {
    if (this.#untold !== undefined) {
      this.#untold.push(event);
      return;
    }
    try {
      event();
    } catch (error) {
      // What a listener throws is the program's affair, as with any emitter, and does not get between our own steps.
      process.nextTick(() => { throw error; });
    }
  }
}
