import {
  type AnySpec, DeepwaterError, type FeedSpec, type RecordFormat, type RecordOf, type Schema, SymbolDictionaryReader, compileSchema,
  describeValue,
} from '@deepwater/core';
import { collectColumns, collectRaw, collectRecords } from './collect.js';
import { type Cut, refOf, takeCut } from './cut.js';
import { objectDecoder } from './decode-object.js';
import { tupleDecoder } from './decode-tuple.js';
import { DecodeHelpers, decodeColumn } from './decode-values.js';
import { type Explanation, explainRange } from './explain.js';
import { FeedFiles } from './feed-files.js';
import { greatestUpTo, newestUpTo } from './newest.js';
import { type Format, type Request, checkKeys, countOf, parseOptions } from './options.js';
import { closePiece, countRows, endOf, openPiece, sequenceOf } from './piece-source.js';
import type { ReaderOptions, ReaderSource } from './reader-source.js';
import type {
  AtOptions, BatchOptions, ColumnsResult, LastOptions, LatestOptions, OneResult, RangeOptions, ReadResult, RecordForm, Selection,
  SequenceRead,
} from './results.js';
import type { Segment } from './segment.js';
import { pieceSegments, segmentsOf } from './segments.js';
import { type Piece, type Wanted, pieces, select } from './select.js';
import { type Steps, runNow, runSliced } from './slices.js';
import {
  type TimeBounds, type TimeInput, UNITS_PER_SECOND, boundsBetween, boundsOfRange, clockIndexOf, greatestTime, leastTime, timeOf,
  timeValue,
} from './time-bounds.js';
