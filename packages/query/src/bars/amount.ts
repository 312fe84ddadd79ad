import { DeepwaterError, describeValue } from '@deepwater/core/engine';

const DECIMAL = /^(\d{1,64})(?:\.(\d{1,64}))?$/;

/**
 * An amount of sizes or values, above 0.
 * @param scale where sums are exact: the amount comes as an integer of 10^-scale, rounded up, so that a sum of such integers
 * reaches it just when it reaches the amount. undefined: as a number.
 * @throws DeepwaterError DW_OPTION_INVALID
 */
export function amountOf(option: string, value: unknown, scale: number | undefined): number | bigint {
  const text = typeof value === 'number' ? plainText(value) : typeof value === 'bigint' || typeof value === 'string' ? String(value) : '';
  const found = DECIMAL.exec(text);
  const number = Number(text);
  if (found === null || !(number > 0) || !Number.isFinite(number)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `${option} is ${describeValue(value)}; give a number above 0, or an exact decimal as a text such as '1000.5'.`, {
      values: { [option]: describeValue(value) },
    });
  }
  if (scale === undefined) return number;
  const [, whole = '', fraction = ''] = found;
  const kept = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  return /[1-9]/.test(fraction.slice(scale)) ? kept + 1n : kept;
}

/** The shortest decimal that stands for a number, without an exponent. */
function plainText(value: number): string {
  const text = String(value);
  const found = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (found === null) return text;
  const [, first = '', rest = '', exponent] = found;
  const power = Number(exponent);
  if (Math.abs(power) > 40) return text;
  return power < 0 ? `0.${'0'.repeat(-power - 1)}${first}${rest}` : `${first}${rest}`.padEnd(power + 1, '0');
}
