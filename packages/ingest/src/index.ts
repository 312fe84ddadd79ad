export { type IngestOptions, IngestService } from './ingest-service.js';
export type { IngestEvent } from './lane-source.js';
export type { FeedSource } from './lane-source.js';
export { LaneWriter } from './lane-writer.js';
export { Writer } from './writer.js';
export { AttachedWriter, type WriterHandle, attachWriter } from './writer-handle.js';
