import { expect, test } from 'vitest';
import { RecentIds } from '../dist/recent-ids.js';

test('an id is new once, until a thousand others have come', () => {
  const ids = new RecentIds();
  expect([ids.add('a'), ids.add('a'), ids.add('b'), ids.add('a')]).toEqual([true, false, true, false]);
  for (let n = 0; n < 1022; n++) expect(ids.add(`x${n}`)).toBe(true);
  expect(ids.add('a')).toBe(false);
  expect(ids.add('one more')).toBe(true);
  expect([ids.add('b'), ids.add('a')]).toEqual([false, true]);
});
