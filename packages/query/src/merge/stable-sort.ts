/** Runs shorter than this are made as long by insertion. */
const RUN_MIN = 24;

/**
 * Sorts `keys` and brings `order` into the same order; equal keys stay as they are. A merge sort of the runs that are there, which
 * moves only what overlaps: near linear on records that are a few places from where they belong, as records of a feed are.
 */
export function stableSort(keys: Float64Array, order: Uint32Array): void {
  const { length } = keys;
  let borders = makeRuns(keys, order);
  let keysAside = new Float64Array(0);
  let orderAside = new Uint32Array(0);
  while (borders.length > 2) {
    const merged = [0];
    for (let b = 0; b + 1 < borders.length; b += 2) {
      const middle = borders[b + 1] as number;
      const to = borders[b + 2];
      if (to === undefined) {
        merged.push(middle);
        break;
      }
      const first = notAbove(keys, keys[middle] as number, borders[b] as number, middle);
      if (first < middle) {
        if (keysAside.length < middle - first) {
          keysAside = new Float64Array(Math.min(length, 2 * (middle - first)));
          orderAside = new Uint32Array(keysAside.length);
        }
        mergeAt(keys, order, first, middle, to, keysAside, orderAside);
      }
      merged.push(to);
    }
    borders = merged;
  }
}

/** Borders of ascending runs that cover all keys. */
function makeRuns(keys: Float64Array, order: Uint32Array): number[] {
  const { length } = keys;
  const borders = [0];
  for (let from = 0; from < length; ) {
    let to = from + 1;
    while (to < length && (keys[to] as number) >= (keys[to - 1] as number)) to++;
    const wanted = Math.min(length, from + RUN_MIN);
    for (; to < wanted; to++) insert(keys, order, from, to);
    borders.push(to);
    from = to;
  }
  return borders;
}

function insert(keys: Float64Array, order: Uint32Array, from: number, at: number): void {
  const key = keys[at] as number;
  const item = order[at] as number;
  let to = at;
  for (; to > from && (keys[to - 1] as number) > key; to--) {
    keys[to] = keys[to - 1] as number;
    order[to] = order[to - 1] as number;
  }
  keys[to] = key;
  order[to] = item;
}

/** First place in sorted keys [from, to) whose key is above `key`. */
function notAbove(keys: Float64Array, key: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Merges [first, middle) and [middle, to), what is left of the first being put aside. */
function mergeAt(keys: Float64Array, order: Uint32Array, first: number, middle: number, to: number, keysAside: Float64Array, orderAside: Uint32Array): void {
  const aside = middle - first;
  keysAside.set(keys.subarray(first, middle));
  orderAside.set(order.subarray(first, middle));
  let a = 0;
  let b = middle;
  let at = first;
  while (a < aside && b < to) {
    const left = keysAside[a] as number;
    const right = keys[b] as number;
    if (left <= right) {
      keys[at] = left;
      order[at++] = orderAside[a++] as number;
    } else {
      keys[at] = right;
      order[at++] = order[b++] as number;
    }
  }
  keys.set(keysAside.subarray(a, aside), at);
  order.set(orderAside.subarray(a, aside), at);
}
