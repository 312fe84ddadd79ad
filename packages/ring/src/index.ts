export { Bell } from './bell.js';
export { type ColumnInput } from './column-batch.js';
export { type RowWriterBase, rowWriterClass, rowWriterSource } from './compile-row-writer.js';
export { gatherField } from './gather.js';
export { RingCursor, oldestSafe } from './ring-cursor.js';
export { Ring, type RingIdentity, createRing, openRing, ringFileBytes } from './ring-file.js';
export { RowWriter, plainPublishing } from './row-writer.js';
export type { SymbolCoder } from './symbol-coder.js';
export { PARK, SPIN, SPIN_THEN_PARK, WAIT_STRATEGIES, type WaitStrategy, type WaitStrategyName } from './wait-strategy.js';
