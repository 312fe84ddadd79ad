import { IngestService } from '@deepwater/ingest';

/** To the parent, where there is a channel to it; else to standard output. */
const tell = (text) => { if (process.send === undefined) console.log(text); else process.send(text); };

const service = IngestService.start({ access: 'owner' });
try {
  const writer = await service.openWriter(JSON.parse(process.argv[2]));
  tell('opened');
  await writer.close();
} catch (error) {
  tell(error.code);
}
await service.close();
process.disconnect?.();
