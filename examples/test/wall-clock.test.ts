import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLines } from '../dist/sources/lines.js';
import { midnightUtcMs, WallDay, wallDay } from '../dist/sources/wall-clock.js';
import { recordings } from './support/recordings.js';

const NEW_YORK = 'America/New_York';
const at = (hour: number, minute = 0): number => (hour * 60 + minute) * 60_000;
const utc = (zone: string, date: string, msOfDay: number): string => new Date(new WallDay(zone, date).toUtcMs(msOfDay)).toISOString();

describe('the wall clock in New York', () => {
  test('is UTC-5 in winter and UTC-4 in summer', () => {
    expect(utc(NEW_YORK, '20131008', at(9, 30))).toBe('2013-10-08T13:30:00.000Z');
    expect(utc(NEW_YORK, '20131209', at(9, 30))).toBe('2013-12-09T14:30:00.000Z');
    expect(utc(NEW_YORK, '20131008', 71_998_962)).toBe('2013-10-08T23:59:58.962Z');
  });

  test('jumps from 02:00 to 03:00 on the second Sunday of March; the hour between is moved on', () => {
    expect(utc(NEW_YORK, '20110313', at(1, 59))).toBe('2011-03-13T06:59:00.000Z');
    expect(utc(NEW_YORK, '20110313', at(2, 30))).toBe('2011-03-13T07:30:00.000Z'); // does not exist: 03:30 EDT
    expect(utc(NEW_YORK, '20110313', at(3))).toBe('2011-03-13T07:00:00.000Z');
    expect(utc(NEW_YORK, '20110313', at(9, 30))).toBe('2011-03-13T13:30:00.000Z');
  });

  test('shows the hour from 01:00 to 02:00 twice on the first Sunday of November; it is taken as the first', () => {
    expect(utc(NEW_YORK, '20131103', at(0, 59))).toBe('2013-11-03T04:59:00.000Z');
    expect(utc(NEW_YORK, '20131103', at(1, 30))).toBe('2013-11-03T05:30:00.000Z');
    expect(utc(NEW_YORK, '20131103', at(2))).toBe('2013-11-03T07:00:00.000Z');
  });

  test('changed on the first Sunday of April before 2007', () => {
    expect(utc(NEW_YORK, '20060331', at(9, 30))).toBe('2006-03-31T14:30:00.000Z');
    expect(utc(NEW_YORK, '20060403', at(9, 30))).toBe('2006-04-03T13:30:00.000Z');
  });

  test('the days before and after a change are not touched by it', () => {
    expect(utc(NEW_YORK, '20110312', at(23, 59))).toBe('2011-03-13T04:59:00.000Z');
    expect(utc(NEW_YORK, '20110314', 0)).toBe('2011-03-14T04:00:00.000Z');
    expect(utc(NEW_YORK, '20131102', at(23, 59))).toBe('2013-11-03T03:59:00.000Z');
    expect(utc(NEW_YORK, '20131104', 0)).toBe('2013-11-04T05:00:00.000Z');
  });
});

test('every quarter of an hour of a year comes back when the result is shown in the zone', () => {
  for (const zone of [NEW_YORK, 'Europe/London', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC']) {
    const shown = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    let moved = 0;
    for (let day = 0; day < 365; day++) {
      const date = new Date(Date.UTC(2013, 0, 1 + day)).toISOString().slice(0, 10).replaceAll('-', '');
      const wall = wallDay(zone, date);
      for (let ms = 0; ms < 86_400_000; ms += at(0, 15)) {
        const expected = `${String(Math.floor(ms / at(1))).padStart(2, '0')}:${String((ms / 60_000) % 60).padStart(2, '0')}`;
        if (shown.format(wall.toUtcMs(ms)) !== expected) moved++;
      }
    }
    // Only the skipped times come back otherwise: an hour, on Lord Howe Island half of one, elsewhere none.
    const skipped = { [NEW_YORK]: 4, 'Europe/London': 4, 'Australia/Lord_Howe': 2 }[zone] ?? 0;
    expect(moved, zone).toBe(skipped);
  }
});

test('times of day outside the day, and dates that do not exist, are errors', () => {
  expect(() => new WallDay(NEW_YORK, '20131008').toUtcMs(86_400_000)).toThrow('is not a time of day');
  expect(() => new WallDay(NEW_YORK, '20131008').toUtcMs(-1)).toThrow('is not a time of day');
  for (const date of ['20130231', '2013-10-08', '20131301', '']) expect(() => midnightUtcMs(date)).toThrow('is not a date');
});

test('by it, SPY opens at 09:30 through the change of March 2011: volume leaps on every day of that month', async (context) => {
  const volumes = new Map<string, Map<number, number>>(); // date -> end of minute, UTC ms -> shares
  for await (const lines of readLines(join(recordings(context), 'us-equities-minute-utc/nt-spy-minute-2011-03.csv.gz'))) {
    for (const line of lines) {
      const [date, hours, minutes, volume] = /^(\d{8}) (\d\d)(\d\d)00;.*;(\d+)$/.exec(line)?.slice(1) ?? [];
      if (!volumes.has(date)) volumes.set(date, new Map());
      volumes.get(date)?.set(midnightUtcMs(date) + at(Number(hours), Number(minutes)), Number(volume));
    }
  }
  const days = [...volumes].filter(([, minutes]) => minutes.size > 100); // Saturdays UTC have a few minutes of Friday evening
  expect(days).toHaveLength(23);
  for (const [date, minutes] of days) {
    const openMs = wallDay(NEW_YORK, date).toUtcMs(at(9, 30));
    const fiveMinutesTo = (ms: number): number => [0, 1, 2, 3, 4].reduce((sum, i) => sum + (minutes.get(ms - at(0, i)) ?? 0), 0);
    expect(fiveMinutesTo(openMs + at(0, 5)), date).toBeGreaterThan(5 * fiveMinutesTo(openMs));
  }
});
