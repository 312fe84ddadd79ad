// Fills a small file system with feeds, then makes room and goes on. Argument: an empty directory on that file system.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry, listFeedFiles, openManifest, parseFeedSpec } from '../../dist/index.js';

const basePath = process.argv[2];
await openManifest(basePath);
writeFileSync(join(basePath, 'deepwater.log.1'), 'x'.repeat(60_000));
const specOf = (name) => parseFeedSpec({ name, desc: 'd'.repeat(2000), fields: [{ name: 'time', type: 'uint64' }], timestamp: 'time' });
let made = 0;
const codes = [];
const registry = await Registry.open(basePath, 'owner');
for (let i = 0; codes.length < 5; i++) {
  try {
    await registry.createFeed(specOf(`feed${i}`));
    made += 1;
  } catch (error) {
    codes.push(error.code ?? String(error.stack));
  }
}
const events = [];
await Registry.open(basePath, 'owner', (event) => events.push(event.level));
const listed = listFeedFiles(basePath).feeds.length;
rmSync(join(basePath, 'deepwater.log.1'));
const directories = readdirSync(join(basePath, 'feeds')).length;
const again = await Registry.open(basePath, 'owner');
const { created } = await again.createFeed(specOf('afterwards'));
console.log(JSON.stringify({ made, codes, listed, afterwards: created, events, directories }));
