// A writer that is killed by itself: at the failpoint KILL_AT, where that is given, else when it is done. Arguments: source JSON, records to have
// in chunks, records to leave in the ring.
import { IngestService } from '@deepwater/ingest';

const [, , source, flushed, left] = process.argv;
const service = IngestService.start({ access: 'owner' });
const writer = await service.openWriter(JSON.parse(source));
const write = (count) => { for (let i = 0; i < count; i++) writer.writeValues(writer.position, 1_000_000 + writer.position); };
write(Number(flushed));
await writer.flush();
write(Number(left));
if (process.env['KILL_AT'] !== '') await service.close();
else process.kill(process.pid, 'SIGKILL');
