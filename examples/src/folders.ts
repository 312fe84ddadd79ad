import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The sample that the repository carries. */
export const SAMPLE_DATA = fileURLToPath(new URL('../sample-data/', import.meta.url));

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/**
 * A folder with whole recordings, laid out like the sample: what DEEPWATER_RECORDINGS names, else `../shared/data` seen
 * from the repository; undefined when neither is there.
 */
export function recordingsFolder(): string | undefined {
  return [process.env['DEEPWATER_RECORDINGS'], BESIDE_THE_REPOSITORY].find((folder) => folder !== undefined && existsSync(folder));
}
