// Follows the feed `checked` from this process's main thread, from record 0 on, which is to be the next one where no number to
// begin with is given, up to record `to`. Arguments: base path, to, form (tuple, columns, or sync: blocking), number.
import { Platform } from '../../dist/index.js';

const [basePath, to, form, from] = process.argv.slice(2);
const platform = await Platform.open(basePath, { readOnly: true });
const reader = await platform.createReader('checked');
const wrong = [];
let next = 0;
const check = (n, hash, low, ts) => {
  if ((n !== next || hash !== Math.imul(n, 0x9e3779b1) >>> 0 || low !== (n & 65535) || ts !== 1_700_000_000_000_000 + n) && wrong.length < 5) wrong.push([next, n, hash, low, ts]);
  next += 1;
};
const place = from === undefined ? {} : { fromSequence: Number(from) };
const stream = form === 'sync' ? reader.streamSync({ allowMainThread: true, wait: 'park', ...place }) : reader.stream({ format: form, ...place });
console.log('ready');
if (form === 'sync') {
  for (const record of stream) {
    check(...record);
    if (next >= Number(to)) break;
  }
} else {
  for await (const item of stream) {
    if (form === 'tuple') check(...item);
    else for (let i = 0; i < item.rows; i++) check(item.n[i], item.hash[i], item.low[i], Number(item.ts[i]));
    if (next >= Number(to)) break;
  }
}
console.log(JSON.stringify({ wrong, next, lost: stream.lost }));
await platform.close();
