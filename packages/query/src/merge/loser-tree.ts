/**
 * The tournament of a k-way merge. Every feed's next record has a key; a node of the tree holds the key that lost there, and who won
 * overall has the next record. After a record was taken, only the nodes above its feed play again: log2(k) games.
 *
 *            [1]             node 1: loser of the final        feeds are the leaves k .. 2k-1
 *         /       \
 *       [2]       [3]        parent of node n: n >> 1
 *      /   \     /   \
 *     f0   f1   f2   f3
 *
 * Which feed wins cannot be foretold, so that comparing and branching would cost a branch missed for every other game: the games
 * are WebAssembly, where a packed key (key * 512 + feed) is exchanged without a branch. A feed that wins many times in a row is
 * copied run by run, as far as its keys stay below the second's.
 */
import { type MergeMemory, STATE } from './merge-memory.js';

/** Why `run` came back: the batch is full, all feeds have ended, keys have to be counted from a later base; or a feed's number: its block is used up. */
export const FULL = -1;
export const ENDED = -2;
export const TOO_FAR = -3;

const NO_KEY = 2n ** 63n - 1n;

export class LoserTree {
  readonly #packed: BigInt64Array;
  readonly #winner: BigInt64Array;

  constructor(
    readonly feeds: number,
    private readonly memory: MergeMemory,
  ) {
    memory.words[STATE.FEEDS >> 2] = feeds;
    this.#packed = new BigInt64Array(memory.buffer, memory.keys.byteOffset, memory.keys.length);
    this.#winner = new BigInt64Array(memory.buffer, STATE.WINNER, 1);
    this.length = 0;
  }

  /** Records in the batch. */
  get length(): number { return this.memory.words[STATE.LENGTH >> 2] as number; }
  set length(length: number) { this.memory.words[STATE.LENGTH >> 2] = length; }

  /** Plays every game, from the feeds' blocks as they are now. */
  begin(): void {
    const { feeds, memory: { at, end, nodes, words } } = this;
    const winners = new BigInt64Array(2 * feeds);
    for (let feed = 0; feed < feeds; feed++) {
      const place = at[feed] as number;
      winners[feeds + feed] = place < (end[feed] as number) ? this.#packed[place] as bigint : NO_KEY;
    }
    for (let node = feeds - 1; node > 0; node--) {
      const left = winners[2 * node] as bigint;
      const right = winners[2 * node + 1] as bigint;
      winners[node] = left < right ? left : right;
      nodes[node] = left < right ? right : left;
    }
    this.#winner[0] = winners[1] as bigint;
    words[STATE.STREAK >> 2] = 0;
  }

  /** A feed's next block has been filled, or there is none: the feed, which had won, plays again. */
  settle(feed: number): void {
    this.memory.kernels.mergeSettle(0, feed);
  }

  /** Takes records into the batch until something else has to be done first. */
  run(): number {
    return this.memory.kernels.mergeRun(0);
  }
}
