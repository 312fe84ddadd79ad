/** Writes records and marks boundaries, then says so and waits to be killed, or ends the process in order. */
import { IngestService } from '@deepwater/ingest';

const [source, { records, marks, end, flush }] = process.argv.slice(2).map((text) => JSON.parse(text));
const service = IngestService.start({ access: 'owner' });
const writer = await service.openWriter(source);
for (let n = 0; n <= records; n++) {
  if (marks.includes(n)) writer.markSegment({ reason: `before ${n}` });
  if (n < records) writer.writeValues(n, (n * n) % 1_000_003, 'S', n % 65536, 1_700_000_000_000_000 + n * 7);
}
if (flush) await writer.flush();
if (end === 'exit') {
  service.closeSync();
  process.exit(0);
}
process.on('message', () => {}); // keeps the process
process.send('written');
