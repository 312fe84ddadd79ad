/**
 * Every error code of Deepwater, in one place.
 *
 * `summary` says what happened, `remedy` what to do about it. `docs/ERRORS.md` shows the same table and a test
 * keeps the two equal. Codes are stable: they may be added, never renamed or given another meaning.
 */
export const ERROR_CODES = {
  // Feed specs
  DW_FEED_NAME_INVALID: {
    summary: 'A feed name is not 1 to 64 characters of A-Z a-z 0-9 . _ -, starts with a dot, or contains "..".',
    remedy: 'Rename the feed by that rule; write BTC/USD as BTC-USD.',
  },
  DW_SPEC_INVALID: {
    summary: 'A feed spec has an unknown key, a value of the wrong kind, or the same thing twice with different values.',
    remedy: 'Correct the key that the message names; nothing has been written.',
  },
  DW_FIELD_NAME_INVALID: {
    summary: 'A field name is not an identifier of at most 64 characters, or is reserved (`__proto__`).',
    remedy: 'Use A-Z a-z 0-9 _ and do not begin with a digit.',
  },
  DW_FIELD_TYPE_UNKNOWN: {
    summary: 'A field has a type that Deepwater does not know.',
    remedy: 'Use char, int8…int64, uint8…uint64, float32, float64, bool, decimal, string, symbol, or `_N` for padding.',
  },
  DW_FIELD_DUPLICATE: {
    summary: 'Two fields of a spec have the same name (only padding may repeat a name).',
    remedy: 'Rename one of them.',
  },
  DW_FIELD_OPTION_INVALID: {
    summary: 'An option of a field (`as`, `scale`, `bytes`, `unit`) is missing or does not fit its type.',
    remedy: 'Give `scale` to decimals, `bytes` to strings, `unit` to clocks, and an `as` that the type can be read as.',
  },
  DW_TIMESTAMP_MISSING: {
    summary: 'A spec names no timestamp field, or one that is not among its fields.',
    remedy: 'Set `timestamp` (or `ts_col`) to the name of a uint64 or int64 field.',
  },
  DW_TIMESTAMP_TYPE: {
    summary: 'The timestamp or another clock is a field that is neither uint64 nor int64.',
    remedy: 'Declare that field as uint64 (or int64 for times before 1970).',
  },
  DW_SIZE_INVALID: {
    summary: 'A size, age or count of a spec is outside its limits.',
    remedy: 'Choose a value within the limits in the message.',
  },
  DW_LIMIT_EXCEEDED: {
    summary: 'A fixed limit was passed: fields in a record, bytes in a record, clocks, open files, and the like.',
    remedy: 'Ask for less, or split the work; the message has the limit.',
  },

  // Values and records
  DW_VALUE_TYPE: {
    summary: 'A value is of a kind that its field does not take. The record was not written.',
    remedy: 'Convert the value to the kind that the message names.',
  },
  DW_VALUE_RANGE: {
    summary: 'A value does not fit its field (too large, too many decimals, too long). The record was not written.',
    remedy: 'Correct the value, or make a feed with a wider field.',
  },
  DW_VALUE_COUNT: {
    summary: 'A record has more or fewer values than the feed has fields, or columns of a batch differ in length.',
    remedy: 'Give one value per field, in field order, without padding.',
  },
  DW_FIELD_UNKNOWN: {
    summary: 'A record, filter or column list names a field that the feed does not have.',
    remedy: 'Use a name from `reader.fieldNames`.',
  },
  DW_FIELD_MISSING: {
    summary: 'A record written as an object or as columns lacks a field.',
    remedy: 'Give every field of the feed a value.',
  },
  DW_RANGE_INVALID: {
    summary: 'A time range, count or duration cannot be used: not a number, negative, or its start lies after its end.',
    remedy: 'Give start <= end in the unit of the feed’s clock, and counts of zero or more.',
  },
  DW_FILTER_INVALID: {
    summary: 'A `where` filter compares a field with a value of another type, or in a way that it has not; or is not made as filters are.',
    remedy: 'Compare with values of the field’s own type; the message names the field, what was given, and what it takes.',
  },
  DW_FORMAT_UNKNOWN: {
    summary: 'An unknown output format was asked for.',
    remedy: 'Use tuple, object, columns, segments, raw or arrow.',
  },
  DW_OPTION_INVALID: {
    summary: 'An option of a call is unknown or has a value that cannot be used.',
    remedy: 'Correct the option that the message names.',
  },
  DW_OUTPUT_FAILED: {
    summary: 'The file that a command was to write its output to cannot be written.',
    remedy: 'Remove the cause in the message, or name another file; the file that was there before is as it was.',
  },
  DW_CLOCK_WILD: {
    summary: 'A warning, not an error: records have times more than an hour ahead of the wall clock. `latest` leaves them out unless there are no others.',
    remedy: 'Correct the clock of whoever writes them, or of this machine; `reader.newest().wild` counts them.',
  },
  DW_BARS_UNUSABLE: {
    summary: 'A warning, not an error: records whose price or size is NaN are in none of the bars that a call gave.',
    remedy: 'Correct whoever writes them; the message has their number.',
  },
  DW_SEQUENCE_EXHAUSTED: {
    summary: 'A feed has used up its sequence numbers.',
    remedy: 'Continue in a new feed.',
  },

  // Writers, readers, handles
  DW_WRITER_EXISTS: {
    summary: 'The feed has a writer already; there is one writer per feed across all processes.',
    remedy: 'Close the other writer, or end the process that the message names.',
  },
  DW_WRITER_CLOSED: {
    summary: 'A closed writer was used.',
    remedy: 'Take a new one with `platform.createWriter`.',
  },
  DW_READER_CLOSED: {
    summary: 'A closed reader was used.',
    remedy: 'Take a new one with `platform.createReader`.',
  },
  DW_PLATFORM_CLOSED: {
    summary: 'A closed platform was used.',
    remedy: 'Open it again with `Platform.open`.',
  },
  DW_HANDLE_IN_USE: {
    summary: 'A writer handle is attached in another thread; it has one holder at a time.',
    remedy: 'Detach it there first.',
  },
  DW_HANDLE_INVALID: {
    summary: 'A handle is not one of Deepwater’s, or what it stood for is gone.',
    remedy: 'Take a fresh handle from the platform and pass that.',
  },
  DW_MAIN_THREAD_BLOCK: {
    summary: 'A call that blocks its thread was made in the main thread.',
    remedy: 'Use the async form, or make the call in a worker thread.',
  },
  DW_RELEASED: {
    summary: 'A zero-copy result was used after its release.',
    remedy: 'Keep it unreleased while it is used, or copy what must outlive it.',
  },
  DW_ABORTED: {
    summary: 'An operation was cancelled through its signal.',
    remedy: 'Nothing to do; start it again if it is still wanted.',
  },
  DW_BACKPRESSURE_TIMEOUT: {
    summary: 'The ring stayed full for longer than the writer waits. The record was not written.',
    remedy: 'Look at disk speed and `deepwater health`; raise `ringRecords`, or write fewer records.',
  },
  DW_INGEST_FAILED: {
    summary: 'The ingest worker could not move records into their chunk. They are still in the ring.',
    remedy: 'Remove the cause in the message (disk, permissions); the records are moved when the feed’s writer opens again.',
  },
  DW_INGEST_DEAD: {
    summary: 'The ingest worker has ended unexpectedly. Accepted records are still in the ring.',
    remedy: 'Close the platform and open it again; the next writer moves the records into chunks.',
  },

  // Strategies
  DW_STRATEGY_INVALID: {
    summary: 'A strategy module does not load, or exports no handler that records could be given to.',
    remedy: 'Correct the module; `cause` has what was thrown while it was loaded.',
  },
  DW_STRATEGY_FAILED: {
    summary: 'A handler of a strategy threw, or its thread ended.',
    remedy: 'Look at `cause`, which has the stack, and at the feed and record in `values`; `onError: \'restart\'` goes on after that record.',
  },
  DW_STRATEGY_TIMEOUT: {
    summary: 'A strategy did not start or stop in the time it has. Its thread was ended.',
    remedy: 'Have handlers return soon, or raise `startTimeoutMs`, `stopTimeoutMs`.',
  },
  DW_STRATEGY_STOPPED: {
    summary: 'Something was asked of a strategy that does not run.',
    remedy: 'Spawn it again with `platform.spawnStrategy`.',
  },
  DW_ORDER_INVALID: {
    summary: 'An order that the broker on paper cannot take: of a feed that it does not trade, or with a side, size, price or type that is none.',
    remedy: 'Correct what the message names; the broker trades the strategy’s feeds that have prices.',
  },
  DW_BROKER_MISSING: {
    summary: 'A strategy asked for `context.broker`, and was given none.',
    remedy: 'Give `{ broker: {} }` to `spawnStrategy` or `backtest`.',
  },
  DW_BACKTEST_ONLY_PAST: {
    summary: 'A strategy in a backtest asked a reader for what only the present knows: streams, activity, counts of what the feed holds now.',
    remedy: 'Read what there is with `range`, `latest`, `last`, `at` or `before`: they give what had come by then.',
  },

  // Queries in the pool
  DW_POOL_FULL: {
    summary: 'More tasks wait for a thread of the query pool than may.',
    remedy: 'Await results before asking for more, or raise `poolThreads`.',
  },
  DW_POOL_WORKER_DIED: {
    summary: 'A thread of the pool ended while it ran a task, and so did the one in which the task was run again.',
    remedy: 'Look for `process.exit` in what the task runs, or for more memory than a thread may have; `cause` says how it ended.',
  },
  DW_QUERY_TIMEOUT: {
    summary: 'A call was not done within its `timeoutMs`. It was stopped.',
    remedy: 'Raise `timeoutMs`, or ask for less at once.',
  },

  // Operations
  DW_CLEANUP_FAILED: {
    summary: 'A clean-up ended before it was done: its thread died, or it was stopped with the platform.',
    remedy: 'Run it again: what it had begun to remove is finished then, and nothing else is lost.',
  },
  DW_HEALTH_FAILED: {
    summary: 'The look at a store’s health ended before it was done: its thread died.',
    remedy: '`cause` says how it ended; look at the memory of the machine and at the system log.',
  },

  // Stores and files
  DW_BASE_PATH_INVALID: {
    summary: 'A base path is not a directory that Deepwater can use: empty, a file, or owned by someone else.',
    remedy: 'Give a directory of your own, or a path where one can be made.',
  },
  DW_BASE_PATH_READ_ONLY: {
    summary: 'Something must be written, but the base path cannot be written to.',
    remedy: 'Correct the permissions; reading works without them.',
  },
  DW_FORMAT_VERSION: {
    summary: 'The store has another format version than this Deepwater reads.',
    remedy: 'Use the Deepwater version that the message names, or upgrade the store with `deepwater migrate`.',
  },
  DW_FEED_UNKNOWN: {
    summary: 'There is no feed of that name in the store.',
    remedy: 'Look at `platform.listFeeds()`, or create the feed.',
  },
  DW_FEED_SPEC_CONFLICT: {
    summary: 'A feed of that name exists with another spec.',
    remedy: 'Use the spec it has, change its lifecycle with `setLifecycle`, or take another name. `persist` never changes.',
  },
  DW_FEED_IN_USE: {
    summary: 'A feed cannot be deleted, changed, migrated or repaired while it has a writer.',
    remedy: 'Close the writer first.',
  },
  DW_FEED_NOT_INDEXED: {
    summary: 'Index points were asked for, or a record was to be marked, of a feed of mode UF, which has none.',
    remedy: "Create a feed with `mode: 'IF'` (or `index_playback: true`); a feed’s mode never changes.",
  },
  DW_FEED_NOT_PERSISTED: {
    summary: 'Segments were asked for, or one was to be marked, of a memory feed, which keeps none.',
    remedy: 'Create a feed with `persist: true`; whether a feed persists never changes.',
  },
  DW_CHUNK_SCHEMA_MISMATCH: {
    summary: 'A chunk or ring has another schema than its feed.',
    remedy: 'Run `deepwater repair --feed <name>`.',
  },
  DW_FILE_CORRUPT: {
    summary: 'A file of the store does not hold what its format says.',
    remedy: 'Run `deepwater repair`; it keeps every intact block.',
  },
  DW_REGISTRY_CORRUPT: {
    summary: 'The registry cannot be read.',
    remedy: 'Run `deepwater repair --all`; the registry is rebuilt from chunk and ring headers.',
  },
  DW_DISK_FULL: {
    summary: 'There is no room on the disk or in shared memory.',
    remedy: 'Free space, lower retention, or run `deepwater cleanup`; then open the writer again.',
  },
  DW_SYSTEM_CALL: {
    summary: 'A call to the operating system failed.',
    remedy: 'The message has the call, the path and the system’s own error; remove that cause.',
  },
  DW_PLATFORM_UNSUPPORTED: {
    summary: 'This operating system, processor or Node.js version is not supported.',
    remedy: 'Use Linux or macOS, 64 bits, with Node.js 20.19 or later.',
  },

  // Files
  DW_IMPORT_UNREADABLE: {
    summary: 'A file that is to be imported cannot be read: it is missing, no regular file, closed to this user, cut off, damaged, or was changed meanwhile.',
    remedy: 'Give the whole file; the message has what is wrong. Run the import again: files that are in already are passed over.',
  },
  DW_IMPORT_LAYOUT: {
    summary: 'The layout of a file cannot be told, or is not the one that was named.',
    remedy: 'Name the layout with `layout` (`--layout`); docs/FILES.md has what each one looks like.',
  },
  DW_IMPORT_COLUMNS: {
    summary: 'The columns of a file and the fields of a feed do not fit together.',
    remedy: 'Say which column is which field with `columns` (`--columns field=column`), or give a field one value with `set` (`--set field=value`).',
  },
  DW_IMPORT_REJECTS: {
    summary: 'More rows of a file were rejected than `maxRejects` allows. The message says which of its rows are in the feed.',
    remedy: 'Look at the rejects (`--rejects`): a wrong layout, column or unit rejects every row. Correct it, or raise `maxRejects`.',
  },
  DW_IMPORT_CHANGED: {
    summary: 'A file has been imported into this feed before, in part or wholly, with other options.',
    remedy: 'Give the options of that time, or another feed; a file’s records are not written twice.',
  },
  DW_IMPORT_LOST: {
    summary: 'Which records of an interrupted import are in the feed cannot be told any more.',
    remedy: 'Delete the feed and import its files again, or import this one into another feed.',
  },

  // Exchanges
  DW_EXCHANGE_REST: {
    summary: 'An exchange did not give what it was asked for over HTTP.',
    remedy: 'The message has the address and the answer; it is asked again by itself. 403 and 451 mean that it does not serve this place.',
  },
  DW_SYMBOL_UNKNOWN: {
    summary: 'A text cannot be the name of an instrument of that exchange.',
    remedy: 'Write the symbol as the exchange does; the message has an example.',
  },
  DW_SOURCE_UNKNOWN: {
    summary: 'There is no source of that name.',
    remedy: 'Take one of the names in the message, or the path of a file with a source of yours (docs/SOURCES.md).',
  },
  DW_SOURCE_INVALID: {
    summary: 'A source is defined by something that cannot be one.',
    remedy: 'Correct the key that the message names; it says what to give.',
  },
  DW_SOURCE_UNUSABLE: {
    summary: 'A source cannot be had: its module cannot be imported or exports none, or what it is made with is not installed.',
    remedy: 'Do what the message says: correct the file, or install the package.',
  },
} as const satisfies Record<`DW_${string}`, { readonly summary: string; readonly remedy: string }>;

/** A stable error code, such as `'DW_FEED_UNKNOWN'`. */
export type ErrorCode = keyof typeof ERROR_CODES;
