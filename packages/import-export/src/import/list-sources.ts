/** What paths stand for: files, and directories of other stores. */
import { SourceFile } from '../unpack/source-file.js';
import { detectLayout } from './detect.js';
import type { ImportOptions } from './options.js';
import type { Source, SourceRef } from './source.js';

/** Opens each of them for a moment, so that one that is not there is told before anything is written. @throws DeepwaterError DW_IMPORT_UNREADABLE */
export async function listSources(paths: readonly string[], options: ImportOptions): Promise<SourceRef[]> {
  const refs: SourceRef[] = [];
  for (const path of paths) {
    const file = await SourceFile.open(path);
    refs.push({ path: file.path, bytes: file.bytes, open: async () => fileSource(await SourceFile.open(path), options) });
    await file.close();
  }
  return refs;
}

function fileSource(file: SourceFile, options: ImportOptions): Source {
  return {
    path: file.path,
    bytes: file.bytes,
    get bytesRead() { return file.bytesRead; },
    hash: (signal, told) => file.hash(signal, told),
    tryUnpacking: (signal) => file.tryUnpacking(signal),
    layout: () => detectLayout(file, options),
    checkUnchanged: () => file.checkUnchanged(),
    close: () => file.close(),
  };
}
