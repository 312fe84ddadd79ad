import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Field, SymbolDictionaryReader } from '@deepwater/core';
import { parseWhere } from '@deepwater/query';
import { cutWithRing } from '../dist/cut-with-ring.js';
import { FeedFiles } from '../dist/feed-files.js';
import { sequenceOf } from '../dist/piece-source.js';
import { pieces } from '../dist/select.js';
import type { FeedFixture } from './support/feed-fixture.js';
import { buildFeed } from './support/merge-model.js';
import { assertProperty } from './support/seed.js';

let fixture: FeedFixture | undefined;
afterEach(() => fixture?.remove());

describe('ring blocks that are held', () => {
  test('give from any record on what the filter lets through, though they begin before it', () => {
    assertProperty(fc.property(fc.boolean(), fc.integer({ min: 1, max: 300 }), fc.nat(300), fc.nat(300), fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }), (persist, count, drained, from, limit) => {
      const feed = buildFeed(0, {
        unit: 'us', signed: false, persist, shape: 'rising', begin: 0n, stride: 1n, capacityRows: 100, blockRows: 32, seed: 1,
        steps: [{ kind: 'write', count }, { kind: 'drain', count: Math.max(1, drained) }],
      });
      fixture?.remove();
      fixture = feed.fixture;
      const files = new FeedFiles(fixture.source, fixture.schema);
      const predicate = parseWhere(fixture.schema, { tag: { in: [3, 4, 11, 50, 51, 52, 120, 200, 256] } });
      if (predicate === undefined) throw new Error('no filter');
      const [price, tag] = fixture.schema.fields as [Field, Field];
      const { cut, blocks } = cutWithRing(files, [price, tag]);
      const where = { predicate, symbols: new SymbolDictionaryReader(files.paths.symbols, fixture.source.feedUid) };
      const found: number[] = [];
      for (const piece of pieces(files, { cut, held: blocks, from, limit, fields: [price], where })) {
        if (piece === undefined) continue;
        for (let r = 0; r < piece.runs.length; r += 2) {
          for (let row = piece.runs[r] as number; row < (piece.runs[r + 1] as number); row++) found.push(sequenceOf(piece, row));
        }
      }
      const tags = new Set([3, 4, 11, 50, 51, 52, 120, 200, 256]);
      const wanted = feed.rows.filter((row) => row.sequence >= from && tags.has(row.tag)).map(({ sequence }) => sequence);
      expect(found).toEqual(wanted.slice(0, limit));
    }), 60);
  });
});
