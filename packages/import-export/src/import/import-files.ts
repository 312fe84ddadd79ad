import { DeepwaterError } from '@deepwater/core';
import type { Platform } from 'deepwater';
import { unreadable } from '../unpack/source-file.js';
import { FileImport } from './file-import.js';
import { ImportRun } from './import-run.js';
import { listSources } from './list-sources.js';
import { type FileReport, type ImportOptions, type ImportReport, checkImportOptions } from './options.js';
import type { SourceRef } from './source.js';

/**
 * Imports files into feeds of a store, one after another. What a file gives is in its feed once, however often it is imported and wherever an import was
 * interrupted, by a signal or by the death of the process: run it again, and it goes on.
 *
 * @throws DeepwaterError DW_OPTION_INVALID, DW_IMPORT_UNREADABLE, DW_IMPORT_LAYOUT, DW_IMPORT_COLUMNS, DW_IMPORT_REJECTS, DW_IMPORT_CHANGED, DW_IMPORT_LOST,
 * DW_FEED_SPEC_CONFLICT, DW_WRITER_EXISTS, and what the writer throws. Files before the one that failed are in; `values.report` has what was done
 */
export async function importFiles(platform: Platform, files: readonly string[], options: ImportOptions = {}): Promise<ImportReport> {
  checkImportOptions(files, options);
  const began = performance.now();
  const run = new ImportRun(platform, options);
  const reports: FileReport[] = [];
  let aborted = false;
  const reportOf = (): ImportReport => {
    const feeds = reports.flatMap((report) => report.feeds);
    return {
      files: reports, records: feeds.reduce((sum, { records }) => sum + records, 0), added: feeds.reduce((sum, { added }) => sum + added, 0),
      rejected: reports.reduce((sum, { rejected }) => sum + rejected, 0), rejects: run.rejects, notes: run.notes, seconds: (performance.now() - began) / 1000, aborted,
    };
  };
  try {
    const refs = await inOrder(await listSources(files, options), run);
    run.bytesOfAll = refs.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [n, ref] of refs.entries()) {
      if ((aborted = options.signal?.aborted === true)) break;
      const source = await ref.open();
      try {
        reports.push(await new FileImport(run, source, n + 1, refs.length).read());
      } finally {
        await source.close();
      }
      aborted = reports.at(-1)?.state === 'stopped';
    }
    return reportOf();
  } catch (error) {
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
    throw new DeepwaterError(error.code, error.message, { values: { ...error.values, report: reportOf() }, cause: error.cause });
  } finally {
    await run.close();
  }
}

async function inOrder(refs: readonly SourceRef[], run: ImportRun): Promise<readonly SourceRef[]> {
  const paths = new Set<string>();
  const twice = refs.find(({ path }) => paths.size === paths.add(path).size);
  if (twice !== undefined) throw unreadable(twice.path, new Error('it is given twice'));
  if (run.options.order !== 'time') return refs;
  const timed: { ref: SourceRef; first: bigint }[] = [];
  for (const ref of refs) {
    const source = await ref.open();
    try {
      timed.push({ ref, first: await FileImport.firstTime(run, source) });
    } finally {
      await source.close();
    }
  }
  return timed.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0)).map(({ ref }) => ref);
}
