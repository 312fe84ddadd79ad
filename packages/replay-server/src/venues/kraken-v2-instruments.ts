import { QTY_DECIMALS } from './kraken-precision.js';

/** 1 with so many places behind its point. */
const increment = (decimals: number): string => (decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`);

/** The `instrument` channel's snapshot: what prices and sizes look like. Of what a capture cannot tell, it has what most pairs have. */
export function instrumentFrame(pairs: readonly { readonly symbol: string; readonly decimals: number }[]): string {
  const currencies = new Set(pairs.flatMap(({ symbol }) => symbol.split('/')));
  const assets = [...currencies].map((id) => `{"id":"${id}","status":"enabled","precision":10,"precision_display":5,"borrowable":false,"collateral_value":0.0,"margin_rate":0.0}`);
  const listed = pairs.map(({ symbol, decimals }) => {
    const [base, quote] = symbol.split('/');
    return `{"symbol":"${symbol}","base":"${base}","quote":"${quote}","status":"online","qty_precision":${QTY_DECIMALS},"qty_increment":${increment(QTY_DECIMALS)},`
      + `"price_precision":${decimals},"price_increment":${increment(decimals)},"tick_size":${increment(decimals)},"cost_precision":5,"cost_min":0.5,"qty_min":0.0001,`
      + '"marginable":false,"has_index":false}';
  });
  return `{"channel":"instrument","type":"snapshot","data":{"assets":[${assets.join(',')}],"pairs":[${listed.join(',')}]}}`;
}
