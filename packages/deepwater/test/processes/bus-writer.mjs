// Writes checked records to the feed `checked` from where it ends. Arguments: base path, how many, what to do then (wait, close).
import { Platform } from '../../dist/index.js';

const [basePath, count, then] = process.argv.slice(2);
const platform = await Platform.open(basePath);
const writer = await platform.createWriter('checked');
const from = writer.position;
for (let n = from; n < from + Number(count); n++) writer.writeValues(n, Math.imul(n, 0x9e3779b1) >>> 0, n & 65535, 1_700_000_000_000_000 + n);
console.log(`wrote ${writer.position}`);
if (then === 'close') await platform.close();
else process.stdin.resume();
