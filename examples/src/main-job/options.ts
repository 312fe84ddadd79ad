import { parseArgs } from 'node:util';
import { recordingsFolder, SAMPLE_DATA } from '../folders.js';

export const USAGE = `Loads real exchange captures and trade files into a Deepwater store at full speed, reads them back, compares
every record with its source file, and prints what it measured.

usage: npm start -- [options]

  --data <dir>     where the store goes (default ./demo); emptied first, but only if an earlier run of this job made it
  --shared <dir>   whole recordings to load (default: ../shared/data beside the repository where there is one, else the
                   sample that the repository carries)
  --sample         the sample that the repository carries, whatever else is there
  --keep           do not empty and write again: read and compare the store that the last run left
  --json           print the figures as JSON on standard output; progress goes to standard error in any case
  --help           this text

exit code: 0 every record came back as it is in its file; 1 a record did not, or something failed; 2 wrong usage
`;

export interface Options {
  readonly data: string;
  /** Folder of the recordings. */
  readonly recordings: string;
  readonly keep: boolean;
  readonly json: boolean;
}

/** A command line that cannot be carried out; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @returns null when the usage was asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parse(args);
  if (values.help) return null;
  if (values.sample && values.shared !== undefined) throw new UsageError('--sample and --shared exclude each other');
  const recordings = values.sample ? SAMPLE_DATA : (values.shared ?? recordingsFolder() ?? SAMPLE_DATA);
  return { data: values.data, recordings, keep: values.keep, json: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string', default: 'demo' },
        shared: { type: 'string' },
        sample: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
