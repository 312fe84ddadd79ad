/** Records from files and into files. */
export { importFiles } from './import/import-files.js';
export { LAYOUTS } from './import/layout-names.js';
export type { LayoutName } from './import/layout-names.js';
export type { FileFeedReport, FileReport, ImportNote, ImportOptions, ImportProgress, ImportReport } from './import/options.js';
export type { RejectedRow } from './import/batch.js';
export { EXPORT_FORMATS, exportFeed } from './export/export-feed.js';
export type { ExportFormat, ExportOptions, ExportProgress, ExportReport } from './export/export-feed.js';
