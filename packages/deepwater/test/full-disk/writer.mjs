// Writes a feed until the disk is full, on a real file system; then, in the same process, after room was made; and says what happened.
// Arguments: base path, file that fills the disk besides, ring directory or ''. Prints JSON.
import fs from 'node:fs';
import { Platform } from '../../dist/index.js';

const [, , basePath, filling, ringDir] = process.argv;
const spec = {
  name: 'trades', timestamp: 't', chunkSizeMb: 1, ringRecords: 8192, retentionHours: 0,
  fields: [{ name: 'n', type: 'float64' }, { name: 'x', type: 'float64' }, { name: 't', type: 'uint64' }],
};
const out = { codes: [], accepted: 0, flushed: 0, synced: 0 };
const attempt = async (step) => {
  try {
    return await step();
  } catch (error) {
    out.codes.push(error.code ?? `${error.name}: ${error.message}`);
    return undefined;
  }
};
const open = () => attempt(() => Platform.open(basePath, { logLevel: 'info', cleanupMinutes: 0, ...(ringDir === '' ? {} : { ringDir }) }));

async function write(writer, most) {
  for (let n = out.accepted; n < most; n++) {
    try {
      writer.writeValues(n, n * 0.5, 1_700_000_000_000_000 + n);
      out.accepted = n + 1;
    } catch (error) {
      out.codes.push(error.code);
      return;
    }
    if (n % 4000 === 3999) {
      if ((await attempt(async () => { await writer.flush(); return true; })) === undefined) return;
      out.flushed = out.accepted;
    }
  }
}

let platform = await open();
if (platform !== undefined) {
  await attempt(() => platform.createFeed(spec));
  let writer = await attempt(() => platform.createWriter('trades'));
  if (writer !== undefined) {
    await write(writer, 3_000_000);
    out.full = out.accepted;
    // Whoever reads can read on.
    const reader = await platform.createReader('trades');
    const { n } = await reader.last(out.accepted, { format: 'columns' });
    out.readable = n.length === out.accepted && n.every((value, i) => value === i);
    // Begun again while the disk is still full: what is in the ring stays there.
    await attempt(() => platform.close());
    platform = await open();
    writer = platform === undefined ? undefined : await attempt(() => platform.createWriter('trades'));
    out.openedWhileFull = writer !== undefined;
    if (writer !== undefined) out.positionWhileFull = writer.position;
    // Room again.
    if (filling !== '') fs.rmSync(filling, { force: true });
    if (platform === undefined) platform = await open();
    writer ??= await attempt(() => platform.createWriter('trades'));
    out.position = writer?.position;
    if (writer !== undefined) {
      const before = out.codes.length;
      await write(writer, out.accepted + 10_000);
      await attempt(async () => { await writer.flush(); await writer.sync(); out.synced = out.accepted; });
      out.afterwards = out.codes.slice(before);
    }
  }
  await attempt(() => platform?.close());
}
console.log(JSON.stringify(out));
