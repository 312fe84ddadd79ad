import { type EventSink, type Manifest, Registry, type StoreEvent, StoreLog, openManifest, ownVersion } from '@deepwater/core';
import type { CheckedOptions } from './options.js';

/** A store that was opened: what a platform is made of. */
export interface OpenStore {
  /** Absolute, links resolved. */
  readonly basePath: string;
  readonly manifest: Manifest;
  /** Where the store may be changed. */
  readonly registry: Registry | undefined;
  readonly log: StoreLog;
  /** To the log, and to whoever listens. */
  readonly event: EventSink;
  readonly options: CheckedOptions;
}

/**
 * Opens the store at a base path; makes the directory and the store where there are none, unless it is to be read only.
 * @throws DeepwaterError DW_BASE_PATH_INVALID, DW_BASE_PATH_READ_ONLY, DW_FORMAT_VERSION, DW_FILE_CORRUPT, DW_DISK_FULL; nothing is left open then
 */
export async function openStore(given: string, options: CheckedOptions): Promise<OpenStore> {
  const { readOnly, access, ringDir, logLevel, onEvent } = options;
  const { basePath, manifest, origin } = await openManifest(given, { readOnly, access, ringDir });
  const log = await StoreLog.open(basePath, readOnly ? 'silent' : logLevel, manifest.access);
  try {
    const event = (happened: StoreEvent): void => {
      log.event(happened);
      onEvent?.(happened);
    };
    event({ level: 'info', message: `store opened by Deepwater ${ownVersion()}`, values: { basePath, storeId: manifest.storeId, origin, readOnly } });
    if (origin === 'copied' && !readOnly) {
      event({ level: 'warn', message: 'the store is a copy of another one, or was moved to another file system; it has a new id', values: { storeId: manifest.storeId } });
    }
    return { basePath, manifest, registry: readOnly ? undefined : await Registry.open(basePath, manifest.access, event), log, event, options };
  } catch (error) {
    await log.close();
    throw error;
  }
}
