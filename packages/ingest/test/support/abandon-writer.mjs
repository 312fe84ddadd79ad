// Writes 3000 records (after a sync 37,000 more) and ends without closing anything, as a crash does.
import { IngestService } from '@deepwater/ingest';

const recordOf = (n) => [n, (n * n) % 1_000_003, n % 3 === 0 ? 'B' : 'S', n % 65536, 1_700_000_000_000_000 + n * 7];
const service = IngestService.start({ access: 'owner' });
const source = JSON.parse(process.argv[2]);
const writer = await service.openWriter(source);
const write = (n) => {
  if (source.spec.mode === 'IF' && n % 997 === 0) writer.markIndex();
  writer.writeValues(...recordOf(n));
};
for (let n = 0; n < 3000; n++) write(n);
if (process.argv[3] === 'flush') await writer.flush();
if (process.argv[3] === 'sync') {
  await writer.sync();
  for (let n = 3000; n < 40_000; n++) write(n);
  await writer.flush();
}
process.kill(process.pid, 'SIGKILL');
