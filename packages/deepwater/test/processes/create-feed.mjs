// Makes a feed when told to go. Arguments: base path, type of the field `value`.
import { once } from 'node:events';
import { Platform } from '../../dist/index.js';

const [basePath, type] = process.argv.slice(2);
console.log('ready');
await once(process.stdin, 'data');
try {
  const platform = await Platform.open(basePath, { logLevel: 'debug' });
  const { uid } = await platform.createFeed({ name: 'trades', fields: [{ name: 'value', type }, { name: 'time', type: 'uint64' }], timestamp: 'time' });
  await platform.close();
  console.log(JSON.stringify({ uid }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, keys: error.values?.keys, message: error.message }));
}
process.exit();
