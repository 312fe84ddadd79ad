/**
 * Bugs planted in our own code, each with the test that has to fail because of it: a checker that has never been seen to catch
 * anything shows nothing. The models of the protocols have theirs in models/*.pml (`BUG_…`), which test/models.test.ts runs.
 *
 * `file` is a built module; `find` occurs in it exactly once. `test` is a test file; `only`, where given, the tests of it to run.
 */
const POWER_LOSS = 'packages/deepwater/test/power-loss.test.ts';
const SIMULATION = 'packages/deepwater/test/simulation.test.ts';
const FAULTS = 'packages/ingest/test/faults.test.ts';
const POISONED = 'packages/ingest/test/poisoned.test.ts';
const MUTATIONS = 'packages/deepwater/test/mutations.test.ts';
const STORE_KILLS = 'packages/deepwater/test/store-kills.test.ts';
const INGEST = 'packages/ingest/dist';
const QUERY = 'packages/query/dist';

export const MUTANTS = [
  { name: 'the synced mark without a sync of the rows', file: `${INGEST}/device-work.js`, find: "await syncDataAsync(fd, path);\n                failpoint('sync.data');", replace: "failpoint('sync.data');", test: POWER_LOSS },
  { name: 'a synced mark that is not synced itself', file: `${INGEST}/device-work.js`, find: "await syncDataAsync(fd, path);\n                failpoint('sync.mark');", replace: "failpoint('sync.mark');", test: POWER_LOSS },
  { name: 'a chunk without its name on the device', file: `${INGEST}/keeper-lane.js`, find: 'syncDirectory(this.#paths.chunks);', replace: '', test: POWER_LOSS },
  { name: 'sealing before the rows are on the device', file: `${INGEST}/recovery.js`, find: "await syncDataAsync(chunk.fd, chunk.path);\n    failpoint('seal.synced');", replace: "failpoint('seal.synced');", test: POWER_LOSS },
  { name: 'no jump in the numbers after a power loss', file: `${INGEST}/open-ring.js`, find: 'numbersLost ? NUMBERS_JUMP * Math.max(1, catalog.view.epoch + 1 - lastEpoch) : 0', replace: '0', test: POWER_LOSS },
  { name: 'an open catalog that is not on the device', file: `${INGEST}/open-feed.js`, find: 'syncFile(paths.catalog);', replace: '', test: POWER_LOSS },
  { name: 'a catalog renamed before it is on the device', file: `${INGEST}/rebuild-catalog.js`, find: 'syncFile(next);', replace: '', test: POWER_LOSS },
  { name: 'blocks believed without their checksums after a power loss', file: 'packages/core/dist/chunk/surviving-rows.js', find: 'if (!geometry.columnWidths.every((_, i) => columnChecksum(cellsAt(i, first, block.count)) === block.columnChecksums[i]))\n            break;', replace: '', test: POWER_LOSS },
  { name: 'a catalog from before a power loss believed by readers', file: `${QUERY}/feed-files.js`, find: 'function isStale(view) {', replace: 'function isStale(view) {\n    return false;', test: POWER_LOSS },
  { name: 'a symbol given out before it is on the device', file: 'packages/core/dist/store/symbol-dictionary.js', find: "syncData(this.fd, this.path);\n        failpoint('symbol.synced');", replace: "failpoint('symbol.synced');", test: POWER_LOSS },
  { name: 'rows counted before they are written', file: `${INGEST}/lane.js`, find: "this.#write(chunk, filled, rows);\n            failpoint('move.written');\n            this.#commit(chunk, rows);", replace: "this.#commit(chunk, rows);\n            failpoint('move.written');\n            chunk.rows -= rows; this.#write(chunk, filled, rows); chunk.rows += rows;", test: SIMULATION, only: 'nothing that was promised' },
  { name: "an ingest worker's successor that moves committed rows again", file: `${INGEST}/keeper-lane.js`, find: 'this.#ring.resetPosition(RING.TAIL, end);', replace: '', test: SIMULATION, only: 'nothing that was promised' },
  { name: 'a ring that cannot be opened just now removed', file: `${INGEST}/open-ring.js`, find: '|| !GIVEN_UP.has(error.code)', replace: '', test: FAULTS },
  { name: 'a descriptor kept open where the directory cannot be synced', file: `${INGEST}/keeper-lane.js`, find: 'this.#letGoOf(chunk);\n            removeFile(path);\n            throw error;', replace: 'throw error;', test: FAULTS },
  { name: 'a chunk that the device refused synced again', file: `${INGEST}/device-work.js`, find: 'kept.poisoned ??= error instanceof Error ? error : new Error(String(error));\n        kept.chunk.header.poison();', replace: 'kept.refusedOnce = error;', test: POISONED },
  { name: 'rows written anew without their checksums', file: `${INGEST}/rewrite-chunk.js`, find: '|| columnChecksum(bytes) !== block.columnChecksums[i]', replace: '', test: POISONED },
  { name: 'a refused chunk that its next writer does not know', file: 'packages/core/dist/chunk/chunk-header.js', find: 'this.#view.setUint32(CHUNK.SEAL_REASON, SEAL_REASON.POISONED, true);\n        this.#view', replace: 'this.#view', test: POISONED },
  { name: 'cells given without their checksums', file: `${QUERY}/block-checks.js`, find: 'throw this.#damage(column, block, count);', replace: ';', test: MUTATIONS },
  { name: 'what retention removed noted nowhere', file: 'packages/operations/dist/retention/remove-chunks.js', find: 'writeRemoved(paths, source.feedUid, access, last);', replace: ';', test: STORE_KILLS },
  { name: 'segments that are replaced without a copy in quarantine', file: 'packages/operations/dist/repair/repair-feed.js', find: "keepCopy(paths.segments, quarantine, 'entries of it, or its header, are damaged');", replace: '', test: STORE_KILLS },
  { name: 'a backup that was broken off gone on with', file: 'packages/operations/dist/migrate/backup.js', find: "if (state === 'begun')\n        removeTree(directory);", replace: '', test: STORE_KILLS },
  { name: 'a ring that its catalog does not tell of left alone', file: 'packages/operations/dist/retention/leftovers.js', find: '[RING_PLACE.NONE]: [shared, own]', replace: '[RING_PLACE.NONE]: []', test: 'packages/operations/test/cleanup-kills.test.ts', only: 'close.ring-forgotten' },
  { name: 'a chunk age taken from the clock alone', file: 'packages/operations/dist/retention/plan-feed.js', find: 'latest = Math.max(latest, time);', replace: 'latest = time;', test: 'packages/operations/test/plan-feed.test.ts' },
];
