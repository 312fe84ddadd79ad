/** Stores of format 1, as earlier versions wrote them and their killed writers left them; and what was written into each. */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { CATALOG, CHUNK, CHUNK_STATE, RING, bootId, crc32 } from '../../../core/dist/index.js';

const fixtures = fileURLToPath(new URL('../../../operations/test/fixtures/', import.meta.url));
export const VERSIONS = Object.keys(JSON.parse(readFileSync(join(fixtures, 'stores.json'), 'utf8')));
export const FEEDS = ['everything', 'book', 'ticks'];
export const writtenBy = (version) => JSON.parse(gunzipSync(readFileSync(join(fixtures, `${version}.json.gz`))).toString());
const plain = (values) => JSON.parse(JSON.stringify(values, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)));

/** Unpacks a ustar archive; files stay sparse. */
function unpack(archive, target) {
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const text = (from, length) => archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const [name, size, kind] = [text(0, 100), Number.parseInt(text(124, 12), 8), text(156, 1)];
    const path = join(target, `${text(345, 155)}/${name}`);
    if (kind === '5') mkdirSync(path, { recursive: true, mode: 0o700 });
    else {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, archive.subarray(at + 512, at + 512 + size), { mode: 0o600 });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function patch(path, change) {
  const fd = openSync(path, 'r+');
  try {
    const bytes = Buffer.alloc(4096);
    readSync(fd, bytes, 0, bytes.length, 0);
    if (change(bytes)) writeSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(fd);
  }
}

export const filesBelow = (directory) => readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();

/**
 * Puts one into `directory`, as `store`.
 * @param sameBoot as if its writer had been killed here and now: the store is at home, and its rings are of this boot. Else it is a store of
 * which a machine went down.
 */
export function unpackStore(version, directory, sameBoot) {
  unpack(gunzipSync(readFileSync(join(fixtures, `${version}.tar.gz`))), directory);
  const store = join(directory, 'store');
  const manifestPath = join(store, 'manifest.json');
  const { dev, ino } = statSync(store, { bigint: true });
  writeFileSync(manifestPath, JSON.stringify({ ...JSON.parse(readFileSync(manifestPath, 'utf8')), device: String(dev), inode: String(ino), ringDir: join(store, 'rings') }));
  const boot = Buffer.from(sameBoot ? bootId() : 'ab'.repeat(16), 'hex');
  for (const path of filesBelow(store)) {
    patch(path, (bytes) => {
      if (path.endsWith('.ring')) {
        boot.copy(bytes, RING.BOOT_ID);
        bytes.writeUInt32LE(crc32(bytes.subarray(0, RING.IDENTITY_CRC)), RING.IDENTITY_CRC);
      } else if (path.endsWith('.dwk') && bytes.readUInt32LE(CHUNK.STATE) >= CHUNK_STATE.ACTIVE) {
        boot.copy(bytes, CHUNK.BOOT_ID);
        bytes.writeUInt32LE(crc32(bytes.subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC)), CHUNK.ACTIVATION_CRC);
      } else if (path.endsWith('.dwc')) boot.copy(bytes, CATALOG.BOOT_ID);
      else return false;
      return true;
    });
  }
  return store;
}

/** Records of every feed, as a reader gives them; of the feed of mode IF with whether each is an index point. */
export async function recordsIn(platform) {
  const result = {};
  for (const feed of FEEDS) {
    const reader = await platform.createReader(feed);
    const rows = reader.lastSync(1_000_000);
    if (feed === 'book') {
      const points = new Set(reader.indexPointsSync(0, 2n ** 62n).map(({ sequence }) => sequence));
      const { first } = reader.bounds();
      result[feed] = rows.map((row, i) => [...row, points.has(first + i)]);
    } else result[feed] = rows;
  }
  return plain(result);
}
