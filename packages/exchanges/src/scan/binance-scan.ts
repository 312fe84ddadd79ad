/**
 * Reads the frames of Binance that come often: trades, book tickers and depth updates of a combined stream. Fields may come in any order; as with
 * JSON.parse the last of a name counts.
 */
import type { BinanceData } from '../binance-frames.js';
import { TextScan, literal } from './text-scan.js';

/** A frame with a stream, of the data those fields that sessions read. */
export interface ScannedBinance {
  readonly stream: string;
  readonly data: BinanceData;
}

type Level = readonly [price: string, size: string];
type Value = string | number | boolean | Level[];

const STREAM = literal('{"stream":"');
const DATA = literal(',"data":{');
const TRUE = literal('true');
const FALSE = literal('false');
const LEVEL = literal('["');
const BETWEEN = literal(',"');
const NONE: Level[] = [];
/** Characters. */
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CLOSE_BRACE = 0x7d;

const scan = new TextScan();

/** @returns undefined for a frame of another kind or form: that is for JSON.parse */
export function scanBinance(text: string): ScannedBinance | undefined {
  if (!scan.begin(text)) return undefined;
  const frame = frameOf();
  scan.end();
  return frame;
}

function frameOf(): ScannedBinance | undefined {
  if (!scan.is(STREAM)) return undefined;
  const stream = scan.rest();
  if (stream === undefined || !scan.is(DATA)) return undefined;
  const data = dataOf();
  return data !== undefined && scan.skip(CLOSE_BRACE) && scan.atEnd ? { stream, data } : undefined;
}

function dataOf(): BinanceData | undefined {
  let e: Value | undefined;
  let E: Value | undefined;
  let T: Value | undefined;
  let s: Value | undefined;
  let t: Value | undefined;
  let p: Value | undefined;
  let q: Value | undefined;
  let m: Value | undefined;
  let U: Value | undefined;
  let u: Value | undefined;
  let pu: Value | undefined;
  let b: Value | undefined;
  let B: Value | undefined;
  let a: Value | undefined;
  let A: Value | undefined;
  for (let more: boolean | undefined = true; more;) {
    if (!scan.skip(QUOTE)) return undefined;
    const first = scan.code;
    if (first === 0) return undefined;
    scan.at++;
    // Names of two letters: `pu` of futures, and `ps` of COIN-M, which is passed over.
    const second = scan.code;
    if (second === 0) return undefined;
    if (second !== QUOTE) scan.at++;
    if (!scan.skip(QUOTE) || !scan.skip(COLON)) return undefined;
    const value = valueOf();
    if (value === undefined) return undefined;
    if (second !== QUOTE) {
      if (first !== 0x70) return undefined;
      if (second === 0x75) pu = value;
      else if (second !== 0x73) return undefined;
    } else {
      switch (first) {
        case 0x65: e = value; break;
        case 0x45: E = value; break;
        case 0x54: T = value; break;
        case 0x73: s = value; break;
        case 0x74: t = value; break;
        case 0x70: p = value; break;
        case 0x71: q = value; break;
        case 0x6d: m = value; break;
        case 0x55: U = value; break;
        case 0x75: u = value; break;
        case 0x62: b = value; break;
        case 0x42: B = value; break;
        case 0x61: a = value; break;
        case 0x41: A = value; break;
        // Kind of order, and a field that says nothing.
        case 0x58: case 0x4d: break;
        default: return undefined;
      }
    }
    more = scan.more(CLOSE_BRACE);
    if (more === undefined) return undefined;
  }
  const quote = e === undefined && u !== undefined && B !== undefined;
  if (!quote && e !== 'bookTicker' && e !== 'trade' && e !== 'depthUpdate') return undefined;
  return { e, E, T, s, t, p, q, m, U, u, pu, b, B, a, A };
}

function valueOf(): Value | undefined {
  switch (scan.code) {
    case QUOTE:
      scan.at++;
      return scan.rest();
    case OPEN:
      return levelsOf();
    case 0x74:
      return scan.is(TRUE) ? true : undefined;
    case 0x66:
      return scan.is(FALSE) ? false : undefined;
  }
  const number = scan.whole();
  return number === -1 ? undefined : number;
}

function levelsOf(): Level[] | undefined {
  scan.at++;
  if (scan.skip(CLOSE)) return NONE;
  const levels: Level[] = [];
  for (let more: boolean | undefined = true; more;) {
    if (!scan.is(LEVEL)) return undefined;
    const price = scan.rest();
    if (price === undefined || !scan.is(BETWEEN)) return undefined;
    const size = scan.rest();
    if (size === undefined || !scan.skip(CLOSE)) return undefined;
    levels.push([price, size]);
    more = scan.more(CLOSE);
    if (more === undefined) return undefined;
  }
  return levels;
}
