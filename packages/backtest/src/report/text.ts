/** How values are shown to people. */

const DAY_US = 86_400_000_000;
const PERCENT = new Intl.NumberFormat('en-US', { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 });
const MONEY = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const RATIO = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 3 });
const COUNT = new Intl.NumberFormat('en-US');
const EXACT = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 10, useGrouping: false });

const orDash = (format: (value: number) => string) => (value: number | null | undefined): string => (value === null || value === undefined || Number.isNaN(value) ? '–' : format(value));

export const percent = orDash((value) => PERCENT.format(value));
export const money = orDash((value) => MONEY.format(value));
export const ratio = orDash((value) => RATIO.format(value));
export const count = orDash((value) => COUNT.format(value));
export const price = orDash((value) => EXACT.format(value));

/** Microseconds since 1970 as a time in UTC. */
export const time = orDash((us) => {
  const date = new Date(us / 1000);
  return Number.isNaN(date.getTime()) ? String(us) : date.toISOString().replace('T', ' ').replace('Z', '');
});

export const duration = orDash((us) => {
  if (us >= 2 * DAY_US) return `${RATIO.format(us / DAY_US)} d`;
  if (us >= 7_200_000_000) return `${RATIO.format(us / 3_600_000_000)} h`;
  return us >= 120_000_000 ? `${RATIO.format(us / 60_000_000)} min` : `${RATIO.format(us / 1_000_000)} s`;
});

/** A parameter, in a few words. */
export function value(given: unknown): string {
  if (typeof given === 'number') return price(given);
  if (typeof given === 'string') return given;
  if (typeof given === 'bigint') return given.toString();
  return JSON.stringify(given, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)) ?? String(given);
}
