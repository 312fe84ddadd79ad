/** Records from files and into files. */
export { importFiles } from './import/import-files.js';
export { LAYOUTS } from './import/options.js';
export type { FileFeedReport, FileReport, ImportNote, ImportOptions, ImportProgress, ImportReport, LayoutName } from './import/options.js';
export type { RejectedRow } from './import/batch.js';
