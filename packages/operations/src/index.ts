/** Keeping a store in order: retention, health, repair, migration. */
export { migrateStore } from './migrate/migrate-store.js';
export type { FeedMigration, MigrateOptions, MigrationReport } from './migrate/report.js';
