// A writer that is killed by itself. Arguments: source JSON, records to have in chunks, records to leave in the ring.
import { IngestService } from '@deepwater/ingest';

const [, , source, flushed, left] = process.argv;
const writer = await IngestService.start({ access: 'owner' }).openWriter(JSON.parse(source));
const write = (count) => { for (let i = 0; i < count; i++) writer.writeValues(writer.position, 1_000_000 + writer.position); };
write(Number(flushed));
await writer.flush();
write(Number(left));
process.kill(process.pid, 'SIGKILL');
