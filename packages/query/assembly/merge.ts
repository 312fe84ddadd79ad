// The tournament of a k-way merge (see src/merge/loser-tree.ts), without a branch that depends on who wins. A feed's next record is
// one integer, its key above its feed's number: so of equal keys that of the feed named first is less, and a game is an exchange.

const FEED_BITS: i64 = 9;
const FEED_MASK: i32 = (1 << 9) - 1;
/** The packed key of times too far from the base, and of a feed that has ended. */
const FAR: i64 = 1 << 62;
const GALLOP_AFTER: i32 = 6;
const FULL: i32 = -1;
const ENDED: i32 = -2;
const TOO_FAR: i32 = -3;

// Words of the state, by offset.
const LENGTH: usize = 0;
const STREAK: usize = 4;
const FEEDS: usize = 8;
const CAPACITY: usize = 12;
const WINNER: usize = 16;
const NODES: usize = 24;
const AT: usize = 28;
const END: usize = 32;
const KEYS: usize = 36;
const ROWS: usize = 40;
const SOURCE: usize = 44;
const ROW: usize = 48;
const TIMES: usize = 52;

/** The key of times too far from the base, before it is packed. */
const FAR_KEY: f64 = 9007199254740992;

/**
 * Makes times, 64-bit integers in place, into keys: see fillKeys of src/merge/time-scale.ts. By arrival a key is the greatest so far,
 * `greatest` at least. A feed's number packs them; -1 leaves them as they are. @returns the last key
 */
export function mergeKeys(at: usize, n: i32, base: i64, factor: f64, rest: f64, limit: u64, signed: i32, arrival: i32, greatest: f64, feed: i32): f64 {
  const last = at + (<usize>n << 3);
  // With the sign turned, unsigned times compare as signed ones.
  const turn: i64 = signed ? 0 : i64.MIN_VALUE;
  const turned = base ^ turn;
  let key = greatest;
  for (; at < last; at += 8) {
    const time = load<i64>(at);
    let own: f64;
    if ((time ^ turn) >= turned) {
      const ahead = <u64>(time - base);
      own = ahead < limit ? <f64>ahead * factor - rest : FAR_KEY;
    } else {
      own = -(<f64>(<u64>(base - time))) * factor - rest;
    }
    key = arrival && own < key ? key : own;
    if (feed < 0) store<f64>(at, key);
    else store<i64>(at, (<i64>key << FEED_BITS) | <i64>feed);
  }
  return key;
}

/**
 * The place of each record of a batch among those of its feed. By feed, each from 0 on: how many it has, the row of its first one, and whether any does not
 * follow the one before.
 */
export function mergePlaces(source: usize, row: usize, n: i32, places: usize, counts: usize, firsts: usize, scattered: usize): void {
  for (let i = 0; i < n; i++) {
    const feed = <usize>load<u16>(source + (<usize>i << 1)) << 2;
    const at = load<i32>(row + (<usize>i << 2));
    const count = load<i32>(counts + feed);
    store<i32>(places + (<usize>i << 2), count);
    store<i32>(counts + feed, count + 1);
    if (count === 0) store<i32>(firsts + feed, at);
    else if (at !== load<i32>(firsts + feed) + count) store<i32>(scattered + feed, 1);
  }
}

/** Numbers of rows that follow each other, from `first` on. */
export function mergeRows(at: usize, n: i32, first: i32): void {
  const end = at + (<usize>n << 2);
  let rows = i32x4(first, first + 1, first + 2, first + 3);
  const four = i32x4.splat(4);
  for (; at + 16 <= end; at += 16) {
    v128.store(at, rows);
    rows = i32x4.add(rows, four);
  }
  for (let row = i32x4.extract_lane(rows, 0); at < end; at += 4) store<i32>(at, row++);
}

/** Makes keys, float64 in place, into packed ones of a feed. */
export function mergePack(at: usize, n: i32, feed: i32): void {
  const last = at + (<usize>n << 3);
  for (; at < last; at += 8) store<i64>(at, (<i64>load<f64>(at) << FEED_BITS) | <i64>feed);
}

/** The winner's feed plays again, with the next record of its block; without one, it has ended. */
export function mergeSettle(state: usize, feed: i32): void {
  const p = load<i32>(load<usize>(state, AT) + (<usize>feed << 2));
  const w: i64 = p < load<i32>(load<usize>(state, END) + (<usize>feed << 2)) ? load<i64>(load<usize>(state, KEYS) + (<usize>p << 3)) : i64.MAX_VALUE;
  store<i64>(state, play(load<usize>(state, NODES), feed + load<i32>(state, FEEDS), w), WINNER);
}

// @ts-ignore: decorator
@inline
function play(nodes: usize, leaf: i32, key: i64): i64 {
  let w = key;
  for (let node = leaf >> 1; node > 0; node >>= 1) {
    const at = nodes + (<usize>node << 3);
    const other = load<i64>(at);
    const exchange = (other ^ w) & -(<i64>(other < w));
    store<i64>(at, other ^ exchange);
    w ^= exchange;
  }
  return w;
}

/** Takes records into the batch until it is full (-1), all feeds have ended (-2), a key is FAR (-3), or a feed's block is used up (its number). */
export function mergeRun(state: usize): i32 {
  const feeds = load<i32>(state, FEEDS);
  const capacity = load<i32>(state, CAPACITY);
  const nodes = load<usize>(state, NODES);
  const ats = load<usize>(state, AT);
  const ends = load<usize>(state, END);
  const keys = load<usize>(state, KEYS);
  const rows = load<usize>(state, ROWS);
  const source = load<usize>(state, SOURCE);
  const row = load<usize>(state, ROW);
  const times = load<usize>(state, TIMES);
  let n = load<i32>(state, LENGTH);
  let w = load<i64>(state, WINNER);
  let streak = load<i32>(state, STREAK);
  let why = FULL;
  while (n < capacity) {
    if (w >= FAR) {
      why = w === i64.MAX_VALUE ? ENDED : TOO_FAR;
      break;
    }
    const feed = <i32>w & FEED_MASK;
    const place = ats + (<usize>feed << 2);
    const end = load<i32>(ends + (<usize>feed << 2));
    let p = load<i32>(place);
    if (streak >= GALLOP_AFTER) {
      // Up to the second's key all records are this feed's.
      let second = FAR;
      for (let node = (feed + feeds) >> 1; node > 0; node >>= 1) {
        const other = load<i64>(nodes + (<usize>node << 3));
        if (other < second) second = other;
      }
      const room = capacity - n;
      const to = end - p < room ? end : p + room;
      do {
        store<u16>(source + (<usize>n << 1), <u16>feed);
        store<u32>(row + (<usize>n << 2), load<u32>(rows + (<usize>p << 2)));
        store<f64>(times + (<usize>n << 3), <f64>(load<i64>(keys + (<usize>p << 3)) >> FEED_BITS));
        n += 1;
        p += 1;
      } while (p < to && load<i64>(keys + (<usize>p << 3)) < second);
    } else {
      store<u16>(source + (<usize>n << 1), <u16>feed);
      store<u32>(row + (<usize>n << 2), load<u32>(rows + (<usize>p << 2)));
      store<f64>(times + (<usize>n << 3), <f64>(w >> FEED_BITS));
      n += 1;
      p += 1;
    }
    store<i32>(place, p);
    if (p === end) {
      why = feed;
      break;
    }
    w = play(nodes, feed + feeds, load<i64>(keys + (<usize>p << 3)));
    streak = (<i32>w & FEED_MASK) === feed ? streak + 1 : 0;
  }
  store<i32>(state, n, LENGTH);
  store<i64>(state, w, WINNER);
  store<i32>(state, streak, STREAK);
  return why;
}
