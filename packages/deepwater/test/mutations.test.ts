import { expect, test } from 'vitest';
import { mutations } from './mutations/soak.mjs';
import { SEED as seed } from '../../../test/support/seed.js';

/** More: `npm run soak -- mutations --count 1e6`. */
const count = Number(process.env['MUTATIONS'] ?? 10_000);

test(`${count} mutations of files: what is read was written, or there is an error of ours (seed ${seed})`, async () => {
  const { codes, failures } = await mutations({ count, seed });
  expect(failures).toEqual([]);
  console.log(JSON.stringify(codes));
  // Mutations that change nothing and mutations that do have both been tried, or this would show nothing.
  expect(codes['right']).toBeGreaterThan(count / 2);
  expect(codes['DW_FILE_CORRUPT']).toBeGreaterThan(count / 2);
}, 240_000);
