/** Times and durations for people. */

/** Microseconds with three digits that count and a unit: `850 µs`, `-12.3 ms`, `1.20 s`, `3.5 h`. */
export function latencyText(us: number | undefined): string {
  if (us === undefined || !Number.isFinite(us)) return '–';
  const size = Math.abs(us);
  if (size < 999.5) return `${Math.round(us) || 0} µs`;
  if (size < 999_500) return `${(us / 1e3).toPrecision(3)} ms`;
  if (size < 99.95e6) return `${(us / 1e6).toPrecision(3)} s`;
  if (size < 6000e6) return `${Math.round(us / 60e6)} min`;
  return size < 172_800e6 ? `${(us / 3600e6).toFixed(1)} h` : `${Math.round(us / 86_400e6).toLocaleString('en')} d`;
}

/** How long something lasts: `4 s`, `1:02:13`, `3 d 04:05`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (!Number.isFinite(seconds)) return '–';
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (seconds < 60) return `${seconds} s`;
  if (hours < 1) return `${minutes}:${two(seconds % 60)}`;
  return hours < 24 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${Math.floor(hours / 24).toLocaleString('en')} d ${two(hours % 24)}:${two(minutes)}`;
}

const DAY_MS = 86_400_000;

/** The time of the day, UTC: `12:01:02.123`, or without the milliseconds. */
export function clockText(ms: number, withMs = true): string {
  if (!Number.isFinite(ms)) return '–';
  const ofDay = ((Math.floor(ms) % DAY_MS) + DAY_MS) % DAY_MS;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const text = `${two(ofDay / 3_600_000)}:${two((ofDay / 60_000) % 60)}:${two((ofDay / 1000) % 60)}`;
  return withMs ? `${text}.${String(ofDay % 1000).padStart(3, '0')}` : text;
}
