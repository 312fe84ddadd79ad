/** The naive reading of a feed: an array of everything that was written, filtered. */
import type { Clock } from '@deepwater/core';
import type { FeedFixture, ModelRecord } from './feed-fixture.js';
import { readValue } from './everything.js';

export function timeOn(fixture: FeedFixture, record: ModelRecord, clock: Clock): bigint {
  void fixture;
  return BigInt(record.values[clock.fieldIndex] as number | bigint);
}

export function within(fixture: FeedFixture, clockIndex: number, start: bigint, end: bigint): ModelRecord[] {
  const clock = fixture.schema.clocks[clockIndex] as Clock;
  return fixture.records.filter((record) => {
    const time = timeOn(fixture, record, clock);
    return time >= start && time < end;
  });
}

/** The record with the greatest time <= limit, the last of equals. */
export function greatest(fixture: FeedFixture, clockIndex: number, limit: bigint): ModelRecord | undefined {
  const clock = fixture.schema.clocks[clockIndex] as Clock;
  let best: ModelRecord | undefined;
  for (const record of fixture.records) {
    const time = timeOn(fixture, record, clock);
    if (time <= limit && (best === undefined || time >= timeOn(fixture, best, clock))) best = record;
  }
  return best;
}

export function tuples(fixture: FeedFixture, records: readonly ModelRecord[], names?: readonly string[]): unknown[][] {
  const fields = names === undefined ? fixture.schema.fields : names.map((name) => fixture.schema.fields.find((field) => field.name === name)!);
  return records.map(({ values }) => fields.map((field) => readValue(field, values[field.index])));
}

export function objects(fixture: FeedFixture, records: readonly ModelRecord[], names?: readonly string[]): Record<string, unknown>[] {
  const chosen = names ?? fixture.schema.fields.map((field) => field.name);
  return tuples(fixture, records, names).map((tuple) => Object.fromEntries(tuple.map((value, i) => [chosen[i], value])));
}
