export {
  FUTEX_WORDS_MAX, MADV_DONTNEED, MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
  MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE,
} from './libc.js';
export {
  MAPPING_BYTES_MAX, PAGE_BYTES, SECTION_BYTES, advise, alignUp, isResident, mapFile, placeFile, releaseMapping, reserveAddressSpace,
} from './mapped-file.js';
export type { MapMode, MapOptions, MappedFile } from './mapped-file.js';
export { EngineMappings } from './engine-mappings.js';
export { MemoryPool } from './memory-pool.js';
export { listDirectory, makeDirectory, removeEmptyDirectory, removeTree } from './directories.js';
export { closeFile, createExclusive, directoryMode, diskSpace, fileExists, fileMode, fileStat, linkFile, openExisting, openOrCreate, punchHole, readAt, readSmallFile, readWholeFile, regularFileSize, removeFile, renameFile, replaceFile, replaceWhole, reserve, setFileSize, syncData, syncDataAsync, syncDirectory, syncFile, writeFully } from './files.js';
export type { Access } from './files.js';
export { FileLock, setUse } from './lock.js';
export { FUTEX_SLICE_NS, futexWait, futexWaitAny, futexWaitSlices, futexWakeAll } from './futex.js';
export { fenceAllPublishers, fenceOwnThreads, registerPublisher } from './barrier.js';
export { bootId, processAlive, threadAlive, threadKernelId, uptimeMs } from './host.js';
export { errnoName, fromNodeError, isUnusableFile, lastSystemError, systemError } from './system-error.js';
export { replaceSystem, system } from './system.js';
export type { FileCalls, FileStat, System } from './system.js';
export type { Libc } from './libc.js';
export { FAILPOINTS, failpoint, onFailpoint } from './failpoint.js';
export type { Failpoint } from './failpoint.js';
