import { DeepwaterError } from '@deepwater/core/engine';

/** A record that must be somewhere, and is not. */
export function missingRecord(feed: string, sequence: number): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `Record ${sequence} of feed ${feed} is neither in the ring nor in a chunk. Run \`deepwater repair --dry-run\`.`, {
    values: { feed, sequence },
  });
}
