/** So many numbers from before in a row, and it is ours that is wrong. What comes twice or late is fewer, and has new ones between. */
const PASSED_MAX = 10;

/**
 * Numbers of an exchange only grow, and one that has been passed is no news. But one that was garbled and is far too large would make all that come after
 * it numbers from before, for ever: when only such numbers come, the count is begun anew.
 */
export class PassedRun {
  #passed = 0;

  constructor(private readonly max = PASSED_MAX) {}

  /** A number was new. */
  fresh(): void {
    this.#passed = 0;
  }

  /** A number was from before. @returns whether to begin anew with it */
  passed(): boolean {
    if (++this.#passed < this.max) return false;
    this.#passed = 0;
    return true;
  }
}
