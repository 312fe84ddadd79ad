import { Option } from 'commander';
import { Platform } from 'deepwater';

/** Options that every command has. */
export interface StoreOptions {
  readonly basePath: string;
}

/** `--base-path`, which may also come from the environment. */
export function basePathOption(): Option {
  return new Option('-b, --base-path <path>', 'base path of the store').default('./data').env('DEEPWATER_BASE_PATH');
}

/** Opens the store for reading, does `work`, closes it. Warnings go to stderr. */
export async function withStore<T>({ basePath }: StoreOptions, work: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await Platform.open(basePath, {
    readOnly: true,
    handleSignals: false,
    onEvent: ({ level, message }) => {
      if (level === 'warn' || level === 'error') process.stderr.write(`deepwater: ${message}\n`);
    },
  });
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}
