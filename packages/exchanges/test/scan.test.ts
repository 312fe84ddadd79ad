/** What is scanned by hand has to be what JSON.parse makes of it, or nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecimalDigits } from '../../core/dist/index.js';
import { scanBinance } from '../dist/scan/binance-scan.js';
import { scanCoinbase } from '../dist/scan/coinbase-scan.js';
import { captureLines, noCaptures, withCaptures } from './support/captures.js';
import { recording } from './support/recorded-frames.js';

type Raw = Record<string, unknown>;
type Scanner = (text: string) => unknown;

const pick = (raw: Raw, names: readonly string[]): Raw => Object.fromEntries(names.filter((name) => raw[name] !== undefined).map((name) => [name, raw[name]]));
/** Texts that compare whatever the order of fields; fields that are undefined are left out. */
const inOrder = (value: unknown): string => JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));

/** What is scanned, as JSON.parse gives it: levels with their fields, and numbers as texts. */
function unfolded(scanned: ReturnType<typeof scanCoinbase>): unknown {
  if (scanned === undefined) return undefined;
  const amount = new DecimalDigits();
  return {
    ...scanned,
    events: scanned.events.map((event) => (!('updates' in event) ? event : {
      ...event,
      updates: Array.from({ length: event.updates.length }, (_, at) => ({
        side: event.updates.side(at) === 'B' ? 'bid' : 'offer', event_time: event.updates.times[at], price_level: String(event.updates.price(at, amount)), new_quantity: String(event.updates.size(at, amount)),
      })),
    })),
  };
}
const scanWhole = (text: string): unknown => unfolded(scanCoinbase(text));

const BINANCE_FIELDS = ['e', 'E', 'T', 's', 't', 'p', 'q', 'm', 'U', 'u', 'pu', 'b', 'B', 'a', 'A'];

/** The fields that a session of Binance reads, as JSON.parse has them. */
function parsedBinance(text: string): unknown {
  const { stream, data } = JSON.parse(text) as { stream: unknown; data: Raw };
  return { stream, data: pick(data, BINANCE_FIELDS) };
}

const TICKER_FIELDS = ['product_id', 'best_bid', 'best_ask', 'best_bid_quantity', 'best_ask_quantity'];

/** The fields that a session of Coinbase reads, as JSON.parse has them. */
function parsedCoinbase(text: string): unknown {
  const frame = JSON.parse(text) as Raw & { events: Raw[] };
  const events = frame.events.map((event) => (event['tickers'] === undefined ? event : { ...event, tickers: (event['tickers'] as Raw[]).map((ticker) => pick(ticker, TICKER_FIELDS)) }));
  return { ...pick(frame, ['channel', 'timestamp', 'sequence_num']), events };
}

/** @returns whether the frame was scanned; the values are then those of JSON.parse */
function same(text: string, scan: Scanner, parsed: (text: string) => unknown): boolean {
  const scanned = scan(text);
  if (scanned === undefined) return false;
  const [ours, theirs] = [inOrder(scanned), inOrder(parsed(text))];
  if (ours !== theirs) expect(ours, text.slice(0, 500)).toBe(theirs);
  return true;
}

const BINANCE = [
  '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107841694,"s":"BTCUSDT","b":"61800.20","B":"2.634","a":"61800.30","A":"2.305","T":1723161256344,"E":1723161256344}}',
  '{"stream":"btcusdt@bookTicker","data":{"u":36,"s":"BTCUSDT","b":"61800.20000000","B":"2.63400000","a":"61800.30000000","A":"0.00000000"}}',
  '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","b":88,"a":89,"T":1723161256322,"m":false,"M":true}}',
  '{"stream":"btcusd_perp@depth@0ms","data":{"e":"depthUpdate","E":1723161256560,"T":1723161256559,"s":"BTCUSD_PERP","ps":"BTCUSD","U":7,"u":9,"pu":6,"b":[["1000.0","606"],["5000.0","2"]],"a":[]}}',
];
const COINBASE = [
  '{"channel":"l2_data","timestamp":"2026-08-09T21:05:48.506659391Z","sequence_num":15,"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"offer","event_time":"2026-08-09T21:05:48.264069Z","price_level":"65106.54","new_quantity":"0.15"},{"side":"bid","event_time":"2026-08-09T21:05:48.264069Z","price_level":"65055.5","new_quantity":"0"}]}]}',
  '{"channel":"market_trades","timestamp":"2026-08-09T21:05:48.25Z","sequence_num":9,"events":[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"1068572091","price":"65083.67","size":"0.01034361","time":"2026-08-09T21:05:48.167634Z","side":"SELL"}]}]}',
  '{"channel":"ticker","timestamp":"2026-08-09T21:05:48.298032046Z","sequence_num":10,"events":[{"type":"update","tickers":[{"type":"ticker","product_id":"ETH-USD","price":"1919.41","volume_24_h":"19975.95","low_24_h":"1911.04","high_24_h":"1925","low_52_w":"1505","high_52_w":"4955.9","price_percent_chg_24_h":"0.02","best_bid":"1919.44","best_ask":"1919.49","best_bid_quantity":"0.02","best_ask_quantity":"3.1"}]}]}',
];

describe.each([
  ['Binance', BINANCE, scanBinance, parsedBinance],
  ['Coinbase', COINBASE, scanWhole, parsedCoinbase],
] as const)('frames of %s scanned by hand', (_title, frames, scan, parsed) => {
  test.each(frames)('have the values of JSON.parse: %.60s…', (text) => {
    expect(same(text, scan, parsed)).toBe(true);
  });

  test('whatever is changed in them, are what JSON.parse says or are left to it', () => {
    const piece = fc.oneof(
      fc.constantFrom('', '"', '\\', '\\"', '\\u0041', ',', ':', '{', '}', '[', ']', ' ', '\n', '-', '0', '00', '1e5', '.5', 'null', 'true', '\u0000', '\u2028', 'é', '😀', '"b":', '"u":1,', '"s":"X",', '"side":"bid",', '12345678901234567'),
      fc.string({ maxLength: 6 }),
    );
    const change = fc.record({ at: fc.nat(), cut: fc.integer({ min: 0, max: 12 }), put: piece });
    fc.assert(fc.property(fc.constantFrom(...frames), fc.array(change, { minLength: 1, maxLength: 3 }), (frame, changes) => {
      let text: string = frame;
      for (const { at, cut, put } of changes) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + put + text.slice(place + cut);
      }
      // A frame that is no JSON throws here where it was scanned all the same.
      same(text, scan, parsed);
    }), { numRuns: 20_000 });
  });

  test('are not scanned where a character is not ASCII, whatever its low byte is', () => {
    for (const text of frames) {
      for (let at = 0; at < text.length; at++) {
        for (const high of [0x100, 0x1f00]) expect(scan(text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) + high) + text.slice(at + 1))).toBeUndefined();
      }
    }
  });

  test('are scanned when they are long, and so is what comes after them', () => {
    for (const text of frames) {
      const long = text.replace(/"(stream|timestamp)":"/, (name) => name + 'x'.repeat(300_000));
      expect(long.length).toBeGreaterThan(300_000);
      expect(same(long, scan, parsed)).toBe(true);
      expect(same(text, scan, parsed)).toBe(true);
    }
  });

  test('are not scanned with white space, escapes, or an end that is missing', () => {
    for (const text of frames) {
      // Ends are looked for behind a longer frame, whose bytes must not be taken for the frame's own.
      for (let end = 0; end < text.length; end++) {
        scan(text);
        expect(scan(text.slice(0, end)), text.slice(0, end)).toBeUndefined();
      }
      for (const other of [` ${text}`, `${text} `, text.replace(',', ', '), text.replace(/"(\w)/, '"\\u0041$1'), text.slice(0, -1), `${text}}`, text.slice(0, text.length / 2)]) expect(scan(other)).toBeUndefined();
    }
  });
});

describe('numbers and fields that are not as always', () => {
  const trade = (fields: string): string => `{"stream":"x@trade","data":{"e":"trade",${fields}}}`;

  test('a number that no float64 holds, a sign, a fraction, an exponent and a leading zero are for JSON.parse', () => {
    for (const number of ['1234567890123456', '-1', '1.5', '1e3', '01', '00', 'null', '"\\u0031"']) expect(scanBinance(trade(`"t":${number}`)), number).toBeUndefined();
    expect(scanBinance(trade('"t":0'))?.data.t).toBe(0);
    expect(scanBinance(trade('"t":123456789012345'))?.data.t).toBe(123_456_789_012_345);
  });

  test('the last of two fields of a name counts, in any order', () => {
    for (const text of [trade('"t":1,"t":2'), trade('"p":"1","q":"2","p":"3"'), '{"stream":"x","data":{"T":5,"e":"aggTrade","e":"trade"}}']) expect(same(text, scanBinance, parsedBinance), text).toBe(true);
  });

  test('other kinds, and fields that nobody knows, are for JSON.parse', () => {
    for (const text of [trade('"z":1'), trade('"px":"1"'), '{"stream":"x","data":{"e":"markPriceUpdate","p":"1"}}', '{"stream":"x","data":{}}', '{"result":null,"id":1}', '[]', '', '{"stream":"x","data":{"e":"depthUpdate","b":[["1","2","3"]],"a":[]}}']) expect(scanBinance(text), text).toBeUndefined();
    expect(scanCoinbase(COINBASE[0]!.replace('l2_data', 'candles'))).toBeUndefined();
    expect(scanCoinbase(COINBASE[0]!.replace('"bid"', '"ask"'))).toBeUndefined();
  });

  const level = (price: string, size: string): string => COINBASE[0]!.replace('65106.54', price).replace('"0.15"', `"${size}"`);

  test('amounts are scanned to the last digit', () => {
    for (const price of ['1', '0.1', '65106.54', '65106.50', '10', '0.00000000000001', '123456789012345', '1.00000000000000', '99999999999999.9']) {
      expect(same(level(price, price), scanWhole, parsedCoinbase), price).toBe(true);
    }
    for (const size of ['0', '0.0', '0.00000000']) expect(same(level('1', size), scanWhole, parsedCoinbase), size).toBe(true);
  });

  test('amounts with more digits, with zeros in front, and what is none are for JSON.parse; a price of 0, too', () => {
    const others = ['', '.', '.5', '5.', '1.2.3', '00', '01', '00.5', '-1', '+1', '1e5', ' 1', '1 ', '1,5', '0x1', 'NaN', '1234567890123456', '0.1234567890123456', '1'.repeat(400), '0.0000000000000001'];
    for (const amount of others) {
      expect(scanCoinbase(level(amount, '1')), amount).toBeUndefined();
      expect(scanCoinbase(level('1', amount)), amount).toBeUndefined();
    }
    for (const price of ['0', '0.0', '0.000']) expect(scanCoinbase(level(price, '1')), price).toBeUndefined();
  });

  test('several books of one frame each have their levels, and a book that is larger than any before has all of them', () => {
    const [, event] = /"events":\[(.*)\]\}$/.exec(COINBASE[0]!)!;
    const update = event!.replace('BTC-USD', 'ETH-USD').replaceAll('65', '17');
    const [, first] = /"updates":\[(\{.*?\})/.exec(event!)!;
    const large = event!.replace(first!, Array.from({ length: 150_000 }, (_, i) => first!.replace('65106.54', `${i + 1}.5`)).join(','));
    for (const events of [[event, update], [large, update, event], [event], [update, large]]) {
      expect(same(COINBASE[0]!.replace(event!, events.join(',')), scanWhole, parsedCoinbase)).toBe(true);
    }
  });
});

describe.skipIf(noCaptures !== undefined)(withCaptures('whole recordings'), () => {
  test.each([
    ['cm-btcusd_perp_20240808.gz'], ['cm-btcusd_perp_20240809.gz'], ['spot-btcusdt_20230405.dat.gz'], ['spot-btcusdt_20240808.gz'], ['spot-btcusdt_20240809.gz'],
    ['usdm-btcusdt_20230404.dat.gz'], ['usdm-btcusdt_20230405.dat.gz'], ['usdm-btcusdt_20240718.gz'], ['usdm-btcusdt_20240719.gz'], ['usdm-btcusdt_20240808.gz'],
  ])('every trade, book ticker and depth update of %s is scanned, with the values of JSON.parse', (file) => {
    for (const line of captureLines(`binance-raw-ws/${file}`)) {
      const text = line.slice(line.indexOf(' ') + 1);
      const often = /^\{"stream":"\w+@(trade|bookTicker|depth@\w+)"/.test(text);
      if (same(text, scanBinance, parsedBinance) !== often) expect(text).toBe(`scanned: ${!often}`);
    }
  }, 60_000);

  test('every trade, ticker and change of a book of Coinbase is scanned, with the values of JSON.parse', () => {
    const { frames } = recording('COINBASE.jsonl.zst');
    for (const { text } of frames) {
      const often = /^\{"channel":"(l2_data|market_trades|ticker)"/.test(text);
      if (same(text, scanWhole, parsedCoinbase) !== often) expect(text.slice(0, 500)).toBe(`scanned: ${!often}`);
    }
  }, 60_000);
});
