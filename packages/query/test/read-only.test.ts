import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { feed, watched } from './support/small-feed.js';

/** Every file below a directory with its size and time of change. */
function listing(directory: string): string[] {
  return fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => `${file} ${fs.statSync(file).size} ${fs.statSync(file).mtimeMs}`)
    .sort();
}

test('reading needs no permission to write, and leaves nothing behind', async () => {
  const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
  for (let n = 0; n < 900; n++) fixture.write(n, 1, 1000 + n);
  fixture.drain(850);
  const directories = [fixture.paths.chunks, fixture.paths.directory, fixture.base];
  for (const directory of directories) fs.chmodSync(directory, 0o500);
  const before = listing(fixture.base);
  if (process.geteuid?.() === 0) console.log('running as root, whom no mode stops: only that nothing was created or changed is shown');
  try {
    const { reader } = watched(fixture);
    expect(reader.rangeSync(0, 1e9)).toHaveLength(900);
    expect(await reader.latest(1)).toHaveLength(900);
    expect(reader.rangeSync(0, 1e9, { format: 'segments' })).toHaveLength(5);
    expect(reader.atSync(1500)).toEqual([500, 1, 1500]);
    for await (const batch of reader.batches(0, 1e9)) batch.release();
    await reader.close();
    expect(listing(fixture.base)).toEqual(before);
  } finally {
    for (const directory of directories) fs.chmodSync(directory, 0o700);
  }
});
