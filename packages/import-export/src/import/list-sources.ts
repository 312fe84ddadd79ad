/** What paths stand for: files, and directories of other stores. */
import { stat } from 'node:fs/promises';
import { DeepwaterError } from '@deepwater/core';
import { type CaptureLayout, CaptureRun } from '../captures/capture-layout.js';
import { pythonSources } from '../python/python-store.js';
import { SourceFile } from '../unpack/source-file.js';
import { detectLayout } from './detect.js';
import type { ImportOptions } from './options.js';
import type { Source, SourceLayout, SourceRef } from './source.js';

/** Opens each of them for a moment, so that one that is not there is told before anything is written. @throws DeepwaterError DW_IMPORT_UNREADABLE, DW_IMPORT_LAYOUT */
export async function listSources(paths: readonly string[], options: ImportOptions): Promise<SourceRef[]> {
  const refs: SourceRef[] = [];
  const captures = new CaptureRun();
  for (const path of paths) {
    if (await isDirectory(path)) {
      if (options.layout !== undefined && options.layout !== 'python') throw new DeepwaterError('DW_IMPORT_LAYOUT', `${path} is a directory, and ${options.layout} is a layout of files.`, { values: { file: path, layout: options.layout } });
      refs.push(...await pythonSources(path, options));
      continue;
    }
    const file = await SourceFile.open(path);
    refs.push({ path: file.path, bytes: file.bytes, open: async () => fileSource(await SourceFile.open(path), options, captures) });
    await file.close();
  }
  return refs;
}

const isDirectory = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() === true;

function fileSource(file: SourceFile, options: ImportOptions, captures: CaptureRun): Source {
  let layout: SourceLayout | undefined;
  return {
    path: file.path,
    bytes: file.bytes,
    get bytesRead() { return file.bytesRead; },
    async hash(signal, told) {
      const sha256 = await file.hash(signal, told);
      (layout as Partial<CaptureLayout> | undefined)?.hashed?.(sha256);
      return sha256;
    },
    tryUnpacking: (signal) => file.tryUnpacking(signal),
    layout: async (told = () => undefined) => (layout = await detectLayout(file, options, captures, told)),
    checkUnchanged: () => file.checkUnchanged(),
    close: () => file.close(),
  };
}
