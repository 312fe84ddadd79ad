/** How values are shown to people. */

const DAY_US = 86_400_000_000;

/** Made when something is shown: each takes milliseconds, and a program that imports this may never show anything. */
const formats = new Map<string, Intl.NumberFormat>();

function format(name: string, options: Intl.NumberFormatOptions): (value: number) => string {
  return (value) => {
    let made = formats.get(name);
    if (made === undefined) formats.set(name, (made = new Intl.NumberFormat('en-US', options)));
    return made.format(value);
  };
}

const orDash = (shown: (value: number) => string) => (value: number | null | undefined): string => (value === null || value === undefined || Number.isNaN(value) ? '–' : shown(value));
const withDigits = format('ratio', { minimumFractionDigits: 2, maximumFractionDigits: 3 });

export const percent = orDash(format('percent', { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 }));
export const money = orDash(format('money', { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
export const ratio = orDash(withDigits);
export const count = orDash(format('count', {}));
export const price = orDash(format('price', { maximumSignificantDigits: 10, useGrouping: false }));

/** Microseconds since 1970 as a time in UTC. */
export const time = orDash((us) => {
  const date = new Date(us / 1000);
  return Number.isNaN(date.getTime()) ? String(us) : date.toISOString().replace('T', ' ').replace('Z', '');
});

export const duration = orDash((us) => {
  if (us >= 2 * DAY_US) return `${withDigits(us / DAY_US)} d`;
  if (us >= 7_200_000_000) return `${withDigits(us / 3_600_000_000)} h`;
  return us >= 120_000_000 ? `${withDigits(us / 60_000_000)} min` : `${withDigits(us / 1_000_000)} s`;
});

/** A parameter, in a few words. */
export function value(given: unknown): string {
  if (typeof given === 'number') return price(given);
  if (typeof given === 'string') return given;
  if (typeof given === 'bigint') return given.toString();
  return JSON.stringify(given, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)) ?? String(given);
}
