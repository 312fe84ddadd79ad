/** Prices and sizes for people: every digit that counts, no zeros behind them, thousands set apart. Never by way of floating point. */

const PLAIN = /^(-?)(\d+)(?:\.(\d*))?$/;

/** `1e-7` is `0.0000001`: the digits of a number without its exponent. */
function withoutExponent(text: string): string {
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', first = '', rest = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  const digits = first + rest;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}${digits.length > exponent + 1 ? `.${digits.slice(exponent + 1)}` : ''}`;
}

/** An amount as plain digits; undefined for what is no finite number. */
export function plainAmount(amount: string | number | bigint): string | undefined {
  const text = withoutExponent(String(amount));
  return PLAIN.test(text) ? text : undefined;
}

/** `0012345.67000` is `12,345.67`; a dash for what is no number. */
export function amountText(amount: string | number | bigint | undefined): string {
  const match = amount === undefined ? null : PLAIN.exec(plainAmount(amount) ?? '');
  if (match === null) return '–';
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  const grouped = whole.replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, ',');
  return `${grouped === '0' && digits === '' ? '' : sign}${grouped}${digits === '' ? '' : `.${digits}`}`;
}

/** `a - b`, to the last digit; undefined where either is no number. */
export function difference(a: string | number | bigint, b: string | number | bigint): string | undefined {
  const left = PLAIN.exec(plainAmount(a) ?? '');
  const right = PLAIN.exec(plainAmount(b) ?? '');
  if (left === null || right === null) return undefined;
  const scale = Math.max(left[3]?.length ?? 0, right[3]?.length ?? 0);
  const scaled = ([, sign = '', whole = '', fraction = '']: RegExpExecArray): bigint => BigInt(`${sign}${whole}${fraction.padEnd(scale, '0')}`);
  const result = scaled(left) - scaled(right);
  const digits = (result < 0n ? -result : result).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${result < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

/** An amount's text in so many cells: digits behind the point go first, told by `…`; then it is written with an exponent. */
export function fitAmount(text: string, width: number): string {
  if (text.length <= width) return text;
  const point = text.indexOf('.');
  if (point >= 0 && point + 1 <= width) {
    const cut = text.slice(0, width - 1);
    return `${cut.endsWith('.') ? cut.slice(0, -1) : cut}…`;
  }
  const value = Number(text.replaceAll(',', ''));
  for (let digits = 4; digits >= 0; digits--) {
    const short = value.toExponential(digits).replace('e+', 'e');
    if (short.length <= width) return short;
  }
  return '#'.repeat(Math.max(0, width));
}

/** A count with its thousands set apart; in units of thousands, millions, … where it is longer than `width`. */
export function countText(count: number, width = Infinity): string {
  const full = amountText(Number.isFinite(count) ? Math.round(count) : undefined);
  if (full.length <= width) return full;
  for (const [size, unit] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']] as const) {
    if (Math.abs(count) < size * 0.9995) continue;
    const text = `${(count / size).toPrecision(3)} ${unit}`;
    return text.includes('e') ? fitAmount(full, width) : text;
  }
  return full;
}
