// A process that does one thing to a store when it is told to go. Arguments: what, base path, more.
import { once } from 'node:events';
import { Registry, openManifest, parseFeedSpec } from '../../dist/index.js';

const [what, basePath, ...rest] = process.argv.slice(2);

const specOf = (name, type) => parseFeedSpec({ name, fields: [{ name: 'value', type }, { name: 'time', type: 'uint64' }], timestamp: 'time' });

/** Each gets ready first, and gives what is to be done at the word. */
const actions = {
  manifest: () => async () => {
    const { manifest, origin } = await openManifest(basePath);
    return { storeId: manifest.storeId, origin };
  },
  async feed() {
    const [name, type] = rest;
    const registry = await openRegistry();
    return async () => {
      const { feed, created } = await registry.createFeed(specOf(name, type));
      return { uid: feed.uid, type: feed.spec.fields[0].type, created };
    };
  },
  async feeds() {
    const [prefix, count] = rest;
    const registry = await openRegistry();
    return async () => {
      for (let i = 0; i < Number(count); i++) {
        await registry.createFeed(specOf(`${prefix}${i}`, 'int8'));
        process.stdout.write(`${prefix}${i}\n`);
      }
      return {};
    };
  },
};

async function openRegistry() {
  await openManifest(basePath);
  return Registry.open(basePath, 'owner');
}

const act = await actions[what]();
console.log('ready');
await once(process.stdin, 'data');
try {
  console.log(JSON.stringify(await act()));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
process.exit();
