// Reads a store on a read-only file system. Argument: base path.
import { Platform } from '../../dist/index.js';

const [basePath] = process.argv.slice(2);
const writable = await Platform.open(basePath).then(() => 'opened', (error) => error.code);
const platform = await Platform.open(basePath, { readOnly: true });
const [last] = await (await platform.createReader('trades')).last(1);
console.log(JSON.stringify({ writable, last, feeds: platform.listFeeds().map(({ name }) => name) }));
await platform.close();
