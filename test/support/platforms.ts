import { join } from 'node:path';
import { Platform, type PlatformOptions } from 'deepwater';
import { closeAfterwards, temporaryDirectory } from './afterwards.js';

/** A platform that is closed, by default with a store that is gone, when the file's tests have ended. */
export async function openPlatform(basePath: string = join(temporaryDirectory(), 'data'), options: PlatformOptions = {}): Promise<Platform> {
  return closeAfterwards(await Platform.open(basePath, options));
}
