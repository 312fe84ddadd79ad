/** Chunks that the registry has and that give no records: what is told of them. */
import type { ReadContext } from '../import/batch.js';
import type { PythonChunk } from './chunk-list.js';
import { chunkName } from './python-layout.js';
import type { PythonFeed } from './python-feed.js';

/**
 * Clean-ups of the reference take the oldest chunks and leave their entries as they were; so those are told, and what is missing between others is damage.
 * @returns why there is a gap before what comes next, where there is one
 */
export function tellLostChunks(feed: PythonFeed, lost: readonly PythonChunk[], { note, reject }: ReadContext): string | undefined {
  const [first] = feed.present;
  let gap: string | undefined;
  for (const chunk of lost) {
    if (chunk.committed === 0) continue;
    const name = `${chunkName(chunk.id)} of ${feed.name}`;
    const records = `${chunk.committed.toLocaleString('en')} records by the registry`;
    if (chunk.gone === 'in memory') note(`${name} was in memory only (${records})`);
    else if (chunk.gone === 'expired' || (chunk.gone === 'missing' && (first === undefined || chunk.id < first.id))) note(`${name} was removed by a clean-up (${records})`);
    else reject(0, chunk.gone === 'missing' ? `${name} is missing (${records})` : `${name}: ${chunk.damage ?? 'it is empty'}`);
    if (first !== undefined && chunk.id > first.id) gap = `chunk ${chunk.id} is missing`;
  }
  return gap;
}
