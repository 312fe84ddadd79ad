/**
 * Named moments in protocols that a crash must not harm. Tests end the process there, or hold it up; otherwise a failpoint is
 * a look at a variable. Not for hot paths: nothing that runs for each record has one.
 */
export const FAILPOINTS = [
  // A chunk's life: made ahead, taken into use, written, sealed (keeper-lane.ts, lane.ts, recovery.ts).
  'prepare.created', 'prepare.named', 'activate.header', 'activate.entry', 'move.written', 'move.described', 'move.committed', 'grow.reserved',
  'retire.asked', 'seal.synced', 'seal.marked', 'seal.durable', 'seal.given-back', 'seal.entry',
  // One that the device refused is written anew (rewrite-chunk.ts).
  'rewrite.written', 'rewrite.synced', 'rewrite.renamed',
  // Durability (keeper-lane.ts).
  'sync.data', 'sync.mark', 'sync.done',
  // Opening a feed and putting right what an earlier writer left (open-feed.ts).
  'open.catalog-new', 'open.catalog-renamed', 'open.stale-retired', 'open.leftover-listed', 'open.leftover-counted', 'open.leftover-adopted', 'open.ring-made', 'open.epoch', 'open.writer-named',
  // A catalog is made larger (catalog-file.ts).
  'catalog.sized',
  // Closing (keeper-lane.ts).
  'close.catalog-synced', 'close.writer-cleared', 'close.ring-forgotten', 'close.ring-removed',
  // Retention (remove-chunks.ts in operations).
  'retention.one-marked', 'retention.marked', 'retention.catalog-synced', 'retention.noted', 'retention.one-unlinked', 'retention.done',
  // The ring of a writer that died (leftovers.ts in operations).
  'leftover.ring-forgotten', 'leftover.ring-removed', 'leftover.writer-cleared',
  // Small files (files.ts), the feeds of a store (registry.ts).
  'replace.written', 'replace.synced', 'replace.renamed', 'registry.file-written', 'registry.committed', 'registry.feed-renamed', 'registry.put-aside',
  'registry.catalog-retired', // delete-feed.ts
  // Segments (feed-segments.ts).
  'segments.ended', 'segments.opened', 'segments.marked', 'segments.synced',
  // Migration (operations/src/migrate).
  'migrate.backup-copied', 'migrate.backup-whole', 'migrate.chunk-rewritten', 'migrate.catalog-rewritten', 'migrate.symbols-rewritten', 'migrate.ring-rewritten', 'migrate.segments-made', 'migrate.verified', 'migrate.raised',
  // Repair (operations/src/repair, quarantine.ts).
  'repair.front-saved', 'repair.front-written', 'repair.stretch-written', 'repair.stretch-named', 'repair.quarantined', 'repair.noted', 'repair.removed-written', 'repair.symbols-written',
  'repair.segments-written', 'repair.catalog-written', 'repair.catalog-renamed', 'repair.feed-file', 'repair.manifest', 'repair.ring-moved', 'repair.registry',
  // Symbols (symbol-dictionary.ts).
  'symbol.written', 'symbol.synced', 'symbol.noted',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let hook: ((name: Failpoint) => void) | undefined;

export function failpoint(name: Failpoint): void {
  hook?.(name);
}

/** Has this thread tell of every failpoint it comes to; undefined ends it. For tests. */
export function onFailpoint(tell: ((name: Failpoint) => void) | undefined): void {
  hook = tell;
}
