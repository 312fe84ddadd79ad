import type { Benchmark } from '../lib/benchmark.js';
import { allocation } from './allocation.js';
import { arrow } from './arrow.js';
import { backtest } from './backtest.js';
import { bars } from './bars.js';
import { books } from './books.js';
import { busIdle } from './bus-idle.js';
import { busPeers } from './bus-peers.js';
import { busRead } from './bus-read.js';
import { columnsCopied } from './columns-copied.js';
import { filter } from './filter.js';
import { hop } from './hop.js';
import { importCsv } from './import-csv.js';
import { ingestHop } from './ingest-hop.js';
import { ingestMany } from './ingest-many.js';
import { ingestParse } from './ingest-parse.js';
import { manyFeeds } from './many-feeds.js';
import { merge } from './merge.js';
import { openStore } from './open-store.js';
import { pool } from './pool.js';
import { producerLatency } from './producer-latency.js';
import { reopenAfterKill } from './reopen-after-kill.js';
import { replay } from './replay.js';
import { scans } from './scans.js';
import { segments } from './segments.js';
import { tuples } from './tuples.js';
import { writeBatch } from './write-batch.js';
import { writeCaller } from './write-caller.js';
import { writeOne } from './write-one.js';

/** Every benchmark, in the order of the table. */
export const BENCHMARKS: readonly Benchmark[] = [
  writeOne, writeCaller, writeBatch, producerLatency, manyFeeds, ingestParse, ingestHop, ingestMany, allocation, importCsv, tuples, columnsCopied, segments, replay, openStore, reopenAfterKill,
  hop, busRead, busIdle, busPeers,
  scans, filter, bars, pool, merge, backtest, arrow, books,
];
