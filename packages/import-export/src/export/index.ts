/** Output to files: what the command line has in common with exports. Small: nothing that takes long to load. */
export { gathered } from './gathered.js';
export type { Gathered } from './gathered.js';
export { csvLine, jsonObject, toJson } from './lines.js';
export type { Output } from './output.js';
export { openOutputFile } from './output-file.js';
