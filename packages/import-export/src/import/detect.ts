/** What a file looks like: by its name, its first bytes and its first lines. */
import { DeepwaterError } from '@deepwater/core';
import { type CaptureRun, isCapture } from '../captures/capture-layout.js';
import { jsonLayout } from '../json/json-layout.js';
import { binanceKind, binanceLayout, kindOfHeader } from '../layouts/binance.js';
import { headLines } from '../layouts/csv-layout.js';
import { leanLayout } from '../layouts/lean.js';
import { leanName } from '../layouts/lean-name.js';
import { plainLayout } from '../layouts/plain.js';
import { isTardis, tardisLayout } from '../layouts/tardis.js';
import { PARQUET_MAGIC, parquetLayout } from '../parquet/parquet-layout.js';
import type { SourceFile } from '../unpack/source-file.js';
import type { LayoutName } from './layout-names.js';
import type { ImportOptions } from './options.js';
import type { SourceLayout } from './source.js';

/** @param told of bytes that were read, where all of them are @throws DeepwaterError DW_IMPORT_LAYOUT, DW_IMPORT_UNREADABLE */
export async function detectLayout(file: SourceFile, options: ImportOptions, captures: CaptureRun, told: (bytes: number) => void): Promise<SourceLayout> {
  if (file.bytes === 0) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is empty.`, { values: { file: file.path } });
  if (options.layout === 'parquet' || (options.layout === undefined && file.beginsWith(PARQUET_MAGIC))) return parquetLayout(file, options);
  if (file.beginsWith('ARROW1')) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is an Arrow file, which is not read; write it as Parquet.`, { values: { file: file.path } });
  const parts = await file.parts();
  const [part] = parts;
  if (part === undefined) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is a zip without a file in it.`, { values: { file: file.path } });
  // Whether it breaks off matters to whoever reads all of it.
  file.cutOff = true;
  const lines = await headLines(part);
  file.cutOff = false;
  switch (options.layout ?? guess(file, part.name, lines)) {
    case 'binance': return binanceLayout(file.name, parts, options);
    case 'capture': return captures.layout(file, options, told);
    case 'jsonl': return jsonLayout(file, parts, options);
    case 'python': throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} is a file, and the layout python is a directory: a store of the Python Deepwater, or data/<feed> in one.`, { values: { file: file.path, layout: 'python' } });
    case 'lean': return leanLayout(file, parts, options);
    case 'tardis': return tardisLayout(file.name, parts, options);
    default: return plainLayout(file, parts, options);
  }
}

function guess(file: SourceFile, partName: string, [first = '']: readonly string[]): LayoutName {
  if (isCapture(first)) return 'capture';
  if (/^\s*[[{]/.test(first)) return 'jsonl';
  if (isTardis(first)) return 'tardis';
  if (binanceKind(partName) !== undefined || binanceKind(file.name) !== undefined || kindOfHeader(first) !== undefined) return 'binance';
  if (leanName(file.path, partName) !== undefined) return 'lean';
  return 'plain';
}
