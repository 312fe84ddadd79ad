/** What some exchanges write with an exponent (`1.5e-7`), as a plain decimal, digit for digit; anything else stays what it is. */
export function plainDecimal(text: string): string {
  const match = /^(\d+)(?:\.(\d*))?[eE]([+-]?\d{1,3})$/.exec(text);
  if (match === null) return text;
  const [, whole, behind = '', exponent] = match as unknown as [string, string, string | undefined, string];
  const digits = whole + behind;
  const point = whole.length + Number(exponent);
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const plain = `${padded.slice(0, at)}.${padded.slice(at)}`;
  return plain.replace(/\.0*$|(\.\d*[1-9])0+$/, '$1').replace(/^0+(?=\d)/, '');
}
