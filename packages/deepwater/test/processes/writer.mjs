// Writes trades until it is ended. Arguments: base path, how many, what to do then, options of the
// platform and more keys of the spec as JSON.
import { once } from 'node:events';
import { setImmediate } from 'node:timers';
import { Platform } from '../../dist/index.js';

const [basePath, count, then = 'wait', options = '{}', spec = '{}'] = process.argv.slice(2);
const platform = await Platform.open(basePath, JSON.parse(options));
await platform.createFeed({
  name: 'trades',
  fields: [{ name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, { name: 'side', type: 'char' }, { name: 'timestamp_us', type: 'uint64' }],
  timestamp: 'timestamp_us',
  chunkSizeMb: 1,
  ...JSON.parse(spec),
});
const writer = await platform.createWriter('trades');
for (let n = 0; n < Number(count); n++) writer.writeValues(100 + n / 8, n, n % 2 === 0 ? 'B' : 'S', 1738368000000000 + n * 1000);
if (then === 'listen') process.on('SIGTERM', () => console.log('heard'));
if (then === 'throw') setImmediate(() => { throw new Error('nobody catches this'); });
console.log(`wrote ${writer.position}`);
if (then === 'reject') void Promise.reject(new Error('nobody catches this'));
if (then === 'exit') process.exit(3);
if (then === 'close') await platform.close();
if (then === 'wait') process.stdin.resume();
if (then === 'listen') {
  await once(process.stdin, 'data');
  console.log(`closed ${platform.closed}`);
  process.exit(0);
}
