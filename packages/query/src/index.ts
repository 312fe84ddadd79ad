export { type BarOptions, LiveBars } from './bars/live-bars.js';
export type {
  Amount, Bar, BarColumns, BarFieldOptions, BarFormat, BarsOptions, BarsResult, ExactBar, ImbalanceOption, PriceColumn, SessionOption, SideOption, SideValue,
} from './bars/bar.js';
export type { SessionRule, Weekday } from './bars/session-rule.js';
export type { FeedActivity, SubscriberActivity } from './activity.js';
export type { IpcLayout } from './arrow/arrow-batches.js';
export type { ArrowResult, ArrowTypesOf } from './arrow/arrow-types.js';
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
export { AsOfJoin, type AsOfFormat, type AsOfOptions, type AsOfResult, asOf } from './join/as-of.js';
export type { FeedAccess } from './merge/feed-point.js';
export type { MergedColumns, MergedRows } from './merge/merged-columns.js';
export { type FeedSelection, MergedFeeds, type MergeFormat, type MergeOptions, type MergedRecord, listOf } from './merge/merged-feeds.js';
export { type HandleSelection, type MergeHandle, type MergedHandleRecord, type MergedRecordOf, type WhereFor, mergeFeeds } from './merge/merge-handles.js';
export { type MergeEngineOptions, type MergedBatch, mergedBatches } from './merge/merged-batches.js';
export type { MergeOrder } from './merge/feed-cursor.js';
export type { MergedPart } from './merge/part.js';
export type { FeedRequest } from './merge/stretches.js';
export type { IndexPoint, IndexPointOptions, IndexPointsOptions } from './index-points.js';
export type { SegmentEnd } from './feed-segments/boundaries.js';
export type { FeedSegment, SegmentOptions } from './feed-segments/feed-segments.js';
export type { Coverage, CoverageOptions, Gap, GapCause, GapOptions, RangeChoice, TimeWindow } from './feed-segments/coverage.js';
export { type CommonWindowsOptions, type SuggestedRangeOptions, type WindowFeed, commonWindows, suggestedRange } from './feed-segments/common-windows.js';
export { type SplitOptions, type SplitWindow, splitWindow } from './feed-segments/split-window.js';
export { FeedReader } from './reader.js';
export { FeedReplay } from './replay/feed-replay.js';
export { MergedReplay } from './replay/merged-replay.js';
export { ReplayFeed, type ReplaySource } from './replay/replay-feed.js';
export { type CollectingWriter, type WrittenRecords, collectingWriter } from './replay/collecting-writer.js';
export { PastReader } from './replay/past-reader.js';
export type { ReaderOptions, ReaderSource, ReaderWarning } from './reader-source.js';
export type {
  ArrowIpcOptions, AtOptions, BatchOptions, ColumnsResult, FieldName, LastOptions, LatestOptions, ObjectResult, OneResult, RangeOptions, ReadResult,
  RecordForm, Selection, SequenceOptions, SequenceRead, TupleResult,
} from './results.js';
export type { ColumnArray } from './row-source.js';
export type { Segment, Segment as ColumnBatch } from './segment.js';
export { type TimeBounds, type TimeInput, timeOf, timeValue } from './time-bounds.js';
export { parseWhere } from './where/parse-where.js';
export { type CellTest, type Condition, type Predicate, predicateText } from './where/predicate.js';
export type { UntypedWhere, Where, WhereValue } from './where/where.js';
export { type CallLimits, type PoolOptions, type PoolTask, QueryPool, type RunOptions, type TaskPriority } from './pool/query-pool.js';
export type { MapOptions, Part } from './pool/in-order.js';
export type { Progress, TaskHelper } from './pool/task-control.js';
export { handOver } from './pool/task-result.js';
export { countInPool, scan, type ScanLimits, type ScanTask } from './pool/scan.js';
export { scanPart, type Scan, type ScanAnswer, type ScanPayload } from './pool/scan-part.js';
export type { Aggregate, AggregateOptions, AggregateResults, Aggregates, Histogram } from './aggregate/aggregates.js';
