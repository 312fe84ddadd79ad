import { IngestService } from '@deepwater/ingest';

const service = IngestService.start({ access: 'owner' });
try {
  await service.openWriter(JSON.parse(process.argv[2]));
  process.send('opened');
} catch (error) {
  process.send(error.code);
}
process.disconnect();
