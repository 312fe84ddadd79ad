export { type Bar, type BarOptions, LiveBars } from './bars/live-bars.js';
export type { FeedActivity, SubscriberActivity } from './activity.js';
export { checkKeys, countOf } from './options.js';
export { flagOf, functionOf, waitOf } from './follow/follow-options.js';
export { FORMATS, type Format } from './options.js';
export type { Explanation } from './explain.js';
export { type ChunkFacts, type ChunkPlan, type RangePlan, type RowStep, type StepKind, planChunk, planRange } from './plan.js';
export { type SubscriptionHandle, endSubscriptions, newStopWord, stopSubscription, subscriptionHandle, wakeSubscribers } from './follow/handle.js';
export type { LostRange } from './follow/losses.js';
export { type RowView, type Run, type SubscribeOptions, Subscription, subscribe } from './follow/subscription.js';
export type {
  RecordStream, StreamFormat, StreamItem, StreamOptions, StreamPlace, SyncRecordStream, SyncStreamOptions,
} from './follow/stream-types.js';
export { type MergeEngineOptions, type MergedBatch, mergedBatches } from './merge/merged-batches.js';
export type { MergeOrder } from './merge/feed-cursor.js';
export type { MergedPart } from './merge/part.js';
export type { FeedRequest } from './merge/stretches.js';
export type { IndexPoint, IndexPointOptions, IndexPointsOptions } from './index-points.js';
export { FeedReader } from './reader.js';
export { type Replay, FeedReplay } from './replay/replay.js';
export { MergedReplay } from './replay/merged-replay.js';
export { ReplayFeed, type ReplaySource } from './replay/replay-feed.js';
export { type CollectingWriter, type WrittenRecords, collectingWriter } from './replay/collecting-writer.js';
export { PastReader } from './replay/past-reader.js';
export type { ReaderOptions, ReaderSource, ReaderWarning } from './reader-source.js';
export type {
  AtOptions, BatchOptions, ColumnsResult, FieldName, LastOptions, LatestOptions, ObjectResult, OneResult, RangeOptions, ReadResult,
  RecordForm, Selection, SequenceRead, TupleResult,
} from './results.js';
export type { ColumnArray } from './row-source.js';
export type { Segment, Segment as ColumnBatch } from './segment.js';
export { type TimeBounds, type TimeInput, timeOf, timeValue } from './time-bounds.js';
export { type CallLimits, type PoolOptions, type PoolTask, QueryPool, type RunOptions, type TaskPriority } from './pool/query-pool.js';
export type { MapOptions, Part } from './pool/in-order.js';
export type { Progress, TaskHelper } from './pool/task-control.js';
export { handOver } from './pool/task-result.js';
