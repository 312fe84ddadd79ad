// A process that does one thing to a store when it is told to go. Arguments: what, base path, more.
import { once } from 'node:events';
import { Registry, openManifest, parseFeedSpec } from '../../dist/index.js';

const [what, basePath, ...rest] = process.argv.slice(2);

const actions = {
  async manifest() {
    const { manifest, origin } = await openManifest(basePath);
    return { storeId: manifest.storeId, origin };
  },
  async feed() {
    const [name, type] = rest;
    await openManifest(basePath);
    const registry = await Registry.open(basePath, 'owner');
    const spec = parseFeedSpec({ name, fields: [{ name: 'value', type }, { name: 'time', type: 'uint64' }], timestamp: 'time' });
    const { feed, created } = await registry.createFeed(spec);
    return { uid: feed.uid, type: feed.spec.fields[0].type, created };
  },
  async feeds() {
    const [prefix, count] = rest;
    await openManifest(basePath);
    const registry = await Registry.open(basePath, 'owner');
    for (let i = 0; i < Number(count); i++) {
      await registry.createFeed(parseFeedSpec({ name: `${prefix}${i}`, fields: [{ name: 'time', type: 'uint64' }], timestamp: 'time' }));
      process.stdout.write(`${prefix}${i}\n`);
    }
    return {};
  },
};

console.log('ready');
await once(process.stdin, 'data');
try {
  console.log(JSON.stringify(await actions[what]()));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
process.exit();
