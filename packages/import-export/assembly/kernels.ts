// The fast path of CSV: lines of plain fields, from bytes into columns of cells. Whatever is out of the ordinary (quotes, an exponent, a
// sign where none is expected, too many digits) is left to whoever called: parsing stops in front of that line, and says so.
//
// Memory is laid out by the caller (src/csv/kernel.ts): a plan with an entry for each column of the file, the columns, and the text.

/** An entry of the plan; see PLAN in src/csv/kernel.ts, which has the same offsets. */
const ENTRY_BYTES: u32 = 64;
const OP: u32 = 0;
const END: u32 = 4;
const OUT: u32 = 8;
const WIDTH: u32 = 12;
const SCALE: u32 = 16;
const FLAGS: u32 = 20;
const ADD: u32 = 24;
const MIN: u32 = 32;
const MAX: u32 = 40;
const TABLE: u32 = 48;
const COUNT: u32 = 52;
const EMPTY: u32 = 56;

const OP_SKIP: u32 = 0;
/** A decimal as an integer of 10^-scale; digits beyond the scale must be zeros. */
const OP_DECIMAL: u32 = 1;
/** The same, with digits beyond the scale cut off: times. */
const OP_CUT: u32 = 2;
const OP_FLOAT: u32 = 3;
/** One of a few texts of at most 8 bytes, as the byte that stands for it. */
const OP_ENUM: u32 = 4;
const OP_CHAR: u32 = 5;
/** ASCII, filled with zeros. */
const OP_TEXT: u32 = 6;
/** Where the field lies: its place and its length. */
const OP_SPAN: u32 = 7;
/** An integer with digits that are dropped at its end: nanoseconds for a clock of microseconds. */
const OP_DIVIDED: u32 = 8;
/** 2021-01-08T00:00:01.076Z, with a space in place of the T, without the Z. */
const OP_ISO: u32 = 9;
/** Exactly the text of the table: the rows of one symbol. */
const OP_SAME: u32 = 10;

const MAY_BE_EMPTY: u32 = 1;

// Where the state is.
const STATE_AT: u32 = 0;
const STATE_ROW: u32 = 4;
const STATE_BLANK: u32 = 8;
/** 10^0 to 10^18 as u64, then 10^0 to 10^22 as f64. */
const POWERS: u32 = 64;
const FLOAT_POWERS: u32 = 64 + 19 * 8;

const DONE: i32 = 0;
const FULL: i32 = 1;
const ODD: i32 = 2;

const LF: u32 = 10;
const CR: u32 = 13;

// @ts-ignore: decorator
@inline
function power(n: u32): u64 { return load<u64>(POWERS + (n << 3)); }

// @ts-ignore: decorator
@inline
function put(at: u32, width: u32, value: i64): void {
  if (width == 8) store<i64>(at, value);
  else if (width == 4) store<i32>(at, <i32>value);
  else if (width == 2) store<i16>(at, <i16>value);
  else store<i8>(at, <i8>value);
}

// Two decimal digits; 100 or more where they are none.
// @ts-ignore: decorator
@inline
function pair(at: u32): u32 {
  const tens = <u32>load<u8>(at) - 48;
  const ones = <u32>load<u8>(at, 1) - 48;
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

/** Days since 1970 of a day of the Gregorian calendar; -1 for one that there is not. */
function daysOf(year: u32, month: u32, day: u32): i64 {
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31) return -1;
  if (day == 31 && (month == 4 || month == 6 || month == 9 || month == 11)) return -1;
  const leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2 && day > <u32>(leap ? 29 : 28)) return -1;
  // Years begin in March here, so that the leap day is the last of its year.
  const y = month > 2 ? year : year - 1;
  const shifted = month > 2 ? month - 3 : month + 9;
  return <i64>(y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1) - 719468;
}

/** Where an ISO time ends; 0 where it is none. The time goes to STATE + 16, in 10^-scale s. */
function isoTime(at: u32, scale: u32): u32 {
  const century = pair(at);
  const years = pair(at + 2);
  const month = pair(at + 5);
  const day = pair(at + 8);
  const hour = pair(at + 11);
  const minute = pair(at + 14);
  const second = pair(at + 17);
  const separator = <u32>load<u8>(at, 10);
  if ((century | years | month | day) >= 1000 || hour > 23 || minute > 59 || second > 59) return 0;
  if (load<u8>(at, 4) != 45 || load<u8>(at, 7) != 45 || (separator != 84 && separator != 32) || load<u8>(at, 13) != 58 || load<u8>(at, 16) != 58) return 0;
  const days = daysOf(century * 100 + years, month, day);
  if (days < 0) return 0;
  let value: u64 = (<u64>days * 86400 + hour * 3600 + minute * 60 + second) * power(scale);
  at += 19;
  if (load<u8>(at) == 46) {
    let unit = scale;
    const first = ++at;
    for (let digit = <u32>load<u8>(at) - 48; digit <= 9; digit = <u32>load<u8>(++at) - 48) {
      if (unit > 0) value += digit * power(--unit);
    }
    if (at == first || at - first > 12) return 0;
  }
  if (load<u8>(at) == 90) at++;
  else if (load<u8>(at) == 43 && load<u32>(at, 1) == 0x303A3030 && load<u8>(at, 5) == 48) at += 6; // +00:00
  store<u64>(16, value);
  return at;
}

/**
 * Parses whole lines.
 * @param from where the first begins @param end behind the line feed of the last
 * @param plan its first entry @param columns how many entries it has @param row where the first line's cells go @param rowsMax how many rows there is room for
 * @returns DONE, FULL, or ODD: the line at STATE_AT is not of the plain kind. STATE_ROW is the next row, STATE_BLANK has counted empty lines.
 */
export function parseLines(from: u32, end: u32, plan: u32, columns: u32, row: u32, rowsMax: u32): i32 {
  let line = from;
  let blank: u32 = 0;
  const planEnd = plan + columns * ENTRY_BYTES;
  let status = DONE;
  while (line < end) {
    const first = <u32>load<u8>(line);
    if (first == LF || (first == CR && load<u8>(line, 1) == LF)) {
      line += first == LF ? 1 : 2;
      blank++;
      continue;
    }
    if (row == rowsMax) { status = FULL; break; }
    let at = line;
    let odd = false;
    for (let entry = plan; entry < planEnd; entry += ENTRY_BYTES) {
      const op = load<u32>(entry, OP);
      const stop = load<u32>(entry, END);
      let c = <u32>load<u8>(at);
      if ((load<u32>(entry, FLAGS) & MAY_BE_EMPTY) && (c == stop || (stop == LF && c == CR))) {
        put(load<u32>(entry, OUT) + row * load<u32>(entry, WIDTH), load<u32>(entry, WIDTH), load<i64>(entry, EMPTY));
      } else if (op == OP_DECIMAL || op == OP_CUT) {
        const scale = load<u32>(entry, SCALE);
        const negative = c == 45;
        if (negative) c = <u32>load<u8>(++at);
        const begin = at;
        let value: u64 = 0;
        let digit = c - 48;
        while (digit <= 9) {
          value = value * 10 + digit;
          digit = <u32>load<u8>(++at) - 48;
        }
        let digits = at - begin;
        let fraction: u32 = 0;
        if (digit == <u32>(46 - 48)) {
          const point = ++at;
          digit = <u32>load<u8>(at) - 48;
          while (digit <= 9 && at - point < scale) {
            value = value * 10 + digit;
            digit = <u32>load<u8>(++at) - 48;
          }
          fraction = at - point;
          digits += fraction;
          // Beyond the scale: zeros, or what a clock does not hold.
          while (digit == 0 || (op == OP_CUT && digit <= 9)) digit = <u32>load<u8>(++at) - 48;
        }
        // 19 digits fit 64 bits without a sign; with one, not all of them do.
        if (digits == 0 || digits + scale - fraction > 19) { odd = true; break; }
        let scaled = <i64>(value * power(scale - fraction));
        if (scaled < 0) { odd = true; break; }
        if (negative) scaled = -scaled;
        scaled += load<i64>(entry, ADD);
        if (scaled < load<i64>(entry, MIN) || scaled > load<i64>(entry, MAX)) { odd = true; break; }
        const width = load<u32>(entry, WIDTH);
        put(load<u32>(entry, OUT) + row * width, width, scaled);
      } else if (op == OP_SKIP) {
        // A quote in front means that there may be delimiters inside.
        if (c == 34) { odd = true; break; }
        while (c != stop && c != LF && c != CR) c = <u32>load<u8>(++at);
      } else if (op == OP_ENUM) {
        const begin = at;
        let key: u64 = 0;
        let shift: u64 = 0;
        while (c != stop && c != LF && c != CR && shift < 64) {
          key |= <u64>c << shift;
          shift += 8;
          c = <u32>load<u8>(++at);
        }
        if (at == begin) { odd = true; break; }
        let pairAt = load<u32>(entry, TABLE);
        const pairsEnd = pairAt + (load<u32>(entry, COUNT) << 4);
        while (pairAt < pairsEnd && load<u64>(pairAt) != key) pairAt += 16;
        if (pairAt == pairsEnd) { odd = true; break; }
        store<u8>(load<u32>(entry, OUT) + row, load<u8>(pairAt, 8));
      } else if (op == OP_CHAR) {
        if (c == 34 || c == stop || c == LF || c == CR || c > 127) { odd = true; break; }
        store<u8>(load<u32>(entry, OUT) + row, <u8>c);
        at++;
      } else if (op == OP_FLOAT) {
        const negative = c == 45;
        if (negative) c = <u32>load<u8>(++at);
        const begin = at;
        let value: u64 = 0;
        let digit = c - 48;
        while (digit <= 9) {
          value = value * 10 + digit;
          digit = <u32>load<u8>(++at) - 48;
        }
        let digits = at - begin;
        let fraction: u32 = 0;
        if (digit == <u32>(46 - 48)) {
          const point = ++at;
          digit = <u32>load<u8>(at) - 48;
          while (digit <= 9) {
            value = value * 10 + digit;
            digit = <u32>load<u8>(++at) - 48;
          }
          fraction = at - point;
          digits += fraction;
        }
        // Both are exact in a float64, so one division rounds once.
        if (digits == 0 || digits > 18 || value > 9007199254740991 || fraction > 22) { odd = true; break; }
        let x = <f64>value / load<f64>(FLOAT_POWERS + (fraction << 3));
        if (negative) x = -x;
        const out = load<u32>(entry, OUT);
        if (load<u32>(entry, WIDTH) == 8) store<f64>(out + (row << 3), x);
        else store<f32>(out + (row << 2), <f32>x);
      } else if (op == OP_TEXT || op == OP_SPAN) {
        if (c == 34) { odd = true; break; }
        const begin = at;
        let high: u32 = 0;
        while (c != stop && c != LF && c != CR) {
          high |= c;
          c = <u32>load<u8>(++at);
        }
        const length = at - begin;
        const out = load<u32>(entry, OUT);
        if (op == OP_SPAN) {
          store<u32>(out + (row << 3), begin);
          store<u32>(out + (row << 3), length, 4);
        } else {
          const width = load<u32>(entry, WIDTH);
          if (length > width || high > 127) { odd = true; break; }
          const cell = out + row * width;
          memory.copy(cell, begin, length);
          memory.fill(cell + length, 0, width - length);
        }
      } else if (op == OP_ISO) {
        const stopAt = isoTime(at, load<u32>(entry, SCALE));
        if (stopAt == 0) { odd = true; break; }
        at = stopAt;
        const time = load<i64>(16);
        if (time < load<i64>(entry, MIN) || time > load<i64>(entry, MAX)) { odd = true; break; }
        store<i64>(load<u32>(entry, OUT) + (row << 3), time);
      } else if (op == OP_DIVIDED) {
        const begin = at;
        let value: u64 = 0;
        let digit = c - 48;
        while (digit <= 9) {
          value = value * 10 + digit;
          digit = <u32>load<u8>(++at) - 48;
        }
        if (at == begin || at - begin > 19) { odd = true; break; }
        const divided = <i64>(value / power(load<u32>(entry, SCALE))) + load<i64>(entry, ADD);
        if (divided < load<i64>(entry, MIN) || divided > load<i64>(entry, MAX)) { odd = true; break; }
        store<i64>(load<u32>(entry, OUT) + (row << 3), divided);
      } else { // OP_SAME
        let same = load<u32>(entry, TABLE);
        const sameEnd = same + load<u32>(entry, COUNT);
        while (same < sameEnd && load<u8>(same) == load<u8>(at)) { same++; at++; }
        if (same != sameEnd) { odd = true; break; }
      }
      c = <u32>load<u8>(at);
      if (c != stop) {
        if (stop != LF || c != CR || load<u8>(at, 1) != LF) { odd = true; break; }
        at++;
      }
      at++;
    }
    if (odd) { status = ODD; break; }
    line = at;
    row++;
  }
  store<u32>(STATE_AT, line);
  store<u32>(STATE_ROW, row);
  store<u32>(STATE_BLANK, blank);
  return status;
}
