/**
 * What the engine's own threads need: everything of core but the parsing of specs, the registry and the log. A worker that
 * imports this (as `@deepwater/core/engine`) starts in half the time, because zod, lmdb and pino are not loaded.
 */
export { ERROR_CODES, DeepwaterError, clipText, describeValue, deserializeError, notIndexed, notPersisted, serializeError } from './errors/index.js';
export type { DeepwaterErrorOptions, ErrorCode, SerializedError } from './errors/index.js';
export {
  EngineMappings, FUTEX_SLICE_NS, FUTEX_WORDS_MAX, FileLock, MADV_DONTNEED, MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
  MAPPING_BYTES_MAX, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, MemoryPool, PAGE_BYTES, PROT_NONE, PROT_READ, PROT_WRITE,
  FAILPOINTS, SECTION_BYTES, advise, alignUp, bootId, closeFile, createExclusive, directoryMode, diskSpace, errnoName, failpoint, fenceAllPublishers,
  fenceOwnThreads, fileExists, fileMode, fileStat, fromNodeError, futexWait, futexWaitAny, futexWaitSlices, futexWakeAll, isResident, isUnusableFile, lastSystemError, linkFile, listDirectory, makeDirectory, mapFile, openExisting,
  onFailpoint, openOrCreate, placeFile, punchHole, readAt, readSmallFile, readWholeFile, registerPublisher, regularFileSize, releaseMapping,
  processAlive, removeEmptyDirectory, removeFile, removeTree, renameFile, replaceFile, replaceSystem, replaceWhole, reserve, reserveAddressSpace, setFileSize, setUse, syncData, syncDataAsync, syncDirectory, syncFile, system, systemError,
  threadAlive, threadKernelId, uptimeMs, writeFully,
} from './mapping/index.js';
export type { Access, Failpoint, FileCalls, FileStat, Libc, MapMode, MapOptions, MappedFile, System } from './mapping/index.js';
export {
  ACTIVATION_FLAG, BLOCK, BLOCK_ROWS_MAX, CHUNK, CHUNK_MAGIC, CHUNK_STATE, CHUNK_VERSION, RESERVE_BYTES_MIN, SEAL_REASON, chunkGeometry,
  firstReservation, geometryOf,
} from './layout/chunk-layout.js';
export type { ChunkGeometry, SealReason } from './layout/chunk-layout.js';
export {
  CATALOG, CATALOG_ENTRIES_MIN, CATALOG_MAGIC, CATALOG_VERSION, ENTRY, ENTRY_BYTES, ENTRY_STATE, RING_PLACE,
} from './layout/catalog-layout.js';
export {
  BELL, BELL_BITS, POSITION, RING, RING_BYTES_DEFAULT, RING_MAGIC, RING_RECORDS_DEFAULT_MIN, RING_RECORDS_MIN, RING_VERSION,
  RUN_DIVISOR, SUBSCRIBER,
} from './layout/ring-layout.js';
export { loadPosition, storePosition } from './layout/position.js';
export { checksumOver, columnChecksum } from './checksum/column-checksum.js';
export type { ChecksumOver } from './checksum/column-checksum.js';
export { crc32 } from './layout/crc.js';
export { readClock, readClockRanges, writeClock, writeClockRanges } from './layout/clock-values.js';
export type { ClockRange } from './layout/clock-values.js';
export { getHex, getText, getU64, highWord, joinWords, lowWord, putHex, putText, putU64 } from './layout/words.js';
export { ChunkHeader } from './chunk/chunk-header.js';
export type { BlockDescriptor } from './chunk/block-bytes.js';
export type { ChunkActivation, ChunkIdentity, ChunkSeal } from './chunk/chunk-header.js';
export { countIndexPoints } from './chunk/index-points.js';
export { describeBlock, proveBlock } from './chunk/describe-block.js';
export { survivingRows, tailChecksum } from './chunk/surviving-rows.js';
export { adoptChunk, createChunk, openChunkForReading, openChunkForRecovery, peekChunk, reserveRows } from './chunk/chunk-file.js';
export type { ReadableChunk, WritableChunk } from './chunk/chunk-file.js';
export { CatalogView } from './catalog/catalog-view.js';
export type { CatalogEntry, NewEntry, RingPlace, SealedFacts } from './catalog/catalog-view.js';
export { createCatalog, growCatalog, openCatalog } from './catalog/catalog-file.js';
export type { CatalogFile } from './catalog/catalog-file.js';
export { addChunks, catalogInMemory, startedChunks } from './catalog/from-chunks.js';
export type { StartedChunks } from './catalog/from-chunks.js';
export {
  SHARED_MEMORY, STORE_FILES, chunkIdOf, chunkPath, feedPaths, ringPaths, sharedRingDirectory,
} from './store/feed-paths.js';
export type { FeedPaths, RingPaths } from './store/feed-paths.js';
export { Quarantine } from './store/quarantine.js';
export type { QuarantineNote } from './store/quarantine.js';
export { appendRemoved, readRemoved, removedEnd, writeRemoved } from './store/removed-file.js';
export type { RemovedChunk } from './store/removed-file.js';
export { CLEANUP_LOCK, STORE_LOCK, waitForLock, withFileLock, withFileLockSync, withStoreLock } from './store/store-lock.js';
export {
  SYMBOLS, SYMBOLS_MAGIC, SYMBOLS_PER_FIELD_MAX, SYMBOLS_VERSION, SYMBOL_BYTES_MAX, SymbolDictionary, SymbolDictionaryReader,
} from './store/symbol-dictionary.js';
export { SYMBOL_LOST, checkSymbolsHeader, checksumBefore, entryProvenByNext, isUnbornDictionary, nextSymbolEntry, symbolDictionaryBytes, symbolEntryBytes, symbolEntryLength, symbolHeaderBytes } from './store/symbol-entries.js';
export { givenSymbols } from './store/given-symbols.js';
export type { GivenSymbols } from './store/given-symbols.js';
export type { SymbolCoder } from './store/symbol-dictionary.js';
export { SEGMENTS, SEGMENTS_MAGIC, SEGMENTS_VERSION, SEGMENT_ENTRY, SEGMENT_ENTRY_BYTES, SEGMENT_KIND } from './layout/segments-layout.js';
export type { SegmentKind } from './layout/segments-layout.js';
export { clipUtf8, decodeSegments, encodeSegmentEntry, encodeSegmentsHeader } from './segments/segment-entries.js';
export type { SegmentEntries, SegmentEntry } from './segments/segment-entries.js';
export { SegmentsFile, readSegments, writeSegments } from './segments/segments-file.js';
export { endKindOf, segmentsOfChunks } from './segments/segments-of-chunks.js';
export type { ChunkPlace } from './segments/segments-of-chunks.js';
export { compileSchema } from './schema/compile-schema.js';
export { DecimalDigits, decimalFromNumber, decimalToNumber, formatDecimal, parseDecimal, quickDecimal } from './schema/decimal.js';
export { FIELD_TYPES, isNumericType } from './schema/field-types.js';
export { FEED_DEFAULTS, FEED_LIMITS } from './schema/limits.js';
export { checkFeedName } from './schema/names.js';
export { didYouMean, nearMatches } from './schema/near.js';
export { specDifferences } from './schema/spec-differences.js';
export { NS_PER_UNIT, UNITS_PER_MS, UNITS_PER_SECOND, durationNs } from './time/units.js';
export type {
  AnySpec, CellKind, Clock, ClockNameOf, ColumnsOf, Durability, DurabilityInput, FeedMode, FeedSpec, FeedSpecInput, Field, FieldAs,
  FieldInput, FieldType, Instrument, InstrumentInput, NormalizedField, PaddingType, RecordFormat, RecordFormatField,
  RecordInputOf, RecordOf, Schema, SchemaSource, SpecDifference, TimeUnit, TupleInputOf, TupleOf, ValueType,
} from './schema/index.js';
export { exposeService, spawnService, transfer } from './rpc/index.js';
export type { Service, ServiceOptions, ThreadDeath } from './rpc/index.js';
