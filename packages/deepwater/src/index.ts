export { Platform } from './platform.js';
export { DeepwaterError, ERROR_CODES } from '@deepwater/core';
export { attachWriter } from '@deepwater/ingest';
export { migrateStore, repairStore } from '@deepwater/operations';
export type { BlockRun, ChunkMap, Damage, FeedRepair, RepairOptions, RepairProgress, RepairReport } from '@deepwater/operations';
export type { FeedMigration, MigrateOptions, MigrationReport } from '@deepwater/operations';
export { BOOK_FLAGS, OrderBook, RunBook, bookAt, bookAtSync, books, booksSync, depthFeedSpec, followBook, followBookSync, recordDepth } from '@deepwater/books';
export type {
  BookAmount, BookAtOptions, BookFeedOptions, BookFieldNames, BookFill, BookLevel, BookReader, BookRun, BookSample, BookSideName, BooksOptions, DepthFeedOptions, DepthPlatform, DepthReport,
  ExactLevel, FollowBookOptions, FollowBookSyncOptions, LevelColumns, OrderBookOptions, RecordDepthOptions, StaleBook,
} from '@deepwater/books';
export { asOf, mergeFeeds, splitWindow, stopSubscription, subscribe } from '@deepwater/query';
export type { CleanupOptions } from './cleanup-options.js';
export type { CleanupProgress, CleanupReport, ClockHold, ClockReport, FeedCleanup, Leftover, Removal } from '@deepwater/operations';
export { checkHealth } from './health.js';
export type { HealthOptions } from './health.js';
export type { HealthCheck, HealthReport, HealthState } from '@deepwater/operations';
export type { FeedInfo } from './feed-info.js';
export type { WindowInput } from './multi-feed-reads.js';
export type { MergeInput, MergeSelection } from './merged-feed.js';
export type { Lifecycle, LifecycleChange } from './lifecycle.js';
export type { PlatformOptions } from './options.js';
export type { Feed, NamedFeed, Reader, UntypedSpec, Writer } from './typed-feed.js';
export type {
  Access, AnySpec, Clock, ColumnsOf, Durability, DurabilityInput, ErrorCode, EventLevel, EventSink, FeedMode, FeedSpec,
  FeedSpecInput, Field, FieldAs, FieldInput, FieldType, Instrument, InstrumentInput, LogLevel, RecordFormat,
  RecordFormatField, RecordInputOf, RecordOf, StoreEvent, TimeUnit, TupleInputOf, TupleOf,
} from '@deepwater/core';
export type { AttachedWriter, WriterHandle } from '@deepwater/ingest';
export type {
  ArrowIpcOptions, ArrowResult, ArrowTypesOf, AtOptions, BatchOptions, ColumnBatch, Explanation, FeedActivity, Format, IndexPoint, IndexPointOptions, IndexPointsOptions, IpcLayout, LastOptions, LatestOptions, LostRange, RangeOptions, ReadResult,
  RecordStream, RowView, Run, Segment, SequenceRead, StreamFormat, StreamItem, StreamOptions, SubscribeOptions, SubscriberActivity,
  Subscription, SubscriptionHandle, SyncRecordStream, SyncStreamOptions, TimeInput,
} from '@deepwater/query';
export type {
  CommonWindowsOptions, Coverage, CoverageOptions, FeedSegment, Gap, GapCause, GapOptions, RangeChoice, SegmentEnd, SegmentOptions, SplitOptions, SplitWindow,
  SuggestedRangeOptions, TimeWindow,
} from '@deepwater/query';
export { backtestReport, paramGrid, writeBacktestReport } from '@deepwater/backtest';
export type {
  BacktestOptions, BacktestProgress, BacktestResult, EquityCurve, LogLine, Metric, ReportOptions, Statistics, Trade, WalkForwardOptions, WalkForwardProgress, WalkForwardResult, WalkForwardWindow,
} from '@deepwater/backtest';
export type {
  Amount, Bar, BarColumns, BarFieldOptions, BarFormat, BarOptions, BarsOptions, BarsResult, ExactBar, ImbalanceOption, PriceColumn, SessionOption, SessionRule,
  SideOption, SideValue, Weekday,
} from '@deepwater/query';
export type {
  AsOfFormat, AsOfJoin, AsOfOptions, AsOfResult, MergeFormat, MergeHandle, MergeOptions, MergeOrder, MergedColumns, MergedFeeds, MergedRecord, MergedRows,
} from '@deepwater/query';
export type {
  Broker, BrokerOptions, Fill, FillOptions, InstrumentOptions, OpenOrder, OrderOptions, OrderRequest, OrderType, Position, Side,
  Strategy, StrategyContext, StrategyEnd, StrategyEnding, StrategyLoss, StrategyMetrics, StrategyModule, StrategyOptions, StrategyState,
} from '@deepwater/strategy';
export type { Aggregate, AggregateOptions, AggregateResults, Aggregates, Histogram, UntypedWhere, Where, WhereValue } from '@deepwater/query';
