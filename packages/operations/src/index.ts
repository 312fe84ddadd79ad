/** Keeping a store in order: retention, health, repair, migration. */
export {};
