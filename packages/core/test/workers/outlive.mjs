// Started as a process: a service that is idle must not keep it alive, one that owes an answer must.
import { spawnService } from '../../dist/engine.js';

const service = spawnService(new URL('./calculator.mjs', import.meta.url), { deadCode: 'DW_INGEST_DEAD' });
console.log(`sum ${await service.api.add(2, 3)}`);
