import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOG, CHUNK, ENTRY, RING, SEGMENTS, SEGMENT_ENTRY, SUBSCRIBER, SYMBOLS } from '@deepwater/core';

/** The named offsets of each section of docs/FORMAT.md, from its tables. */
function tables(): Map<string, Map<string, number>> {
  const sections = new Map<string, Map<string, number>>();
  let section = '';
  for (const line of readFileSync(new URL('../../../docs/FORMAT.md', import.meta.url), 'utf8').split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    if (line.startsWith('Entries from byte 4096')) section = `${section} entries`;
    const row = /^\| (\d+) \| [^|]+ \| ([A-Z][A-Z_0-9]+)\b/.exec(line);
    if (row === null || line.includes('COUNT: rows') || (section.startsWith('Chunk') && (row[2] === 'RANGES' || (row[2] === 'SORTED_MASK' && row[1] === '4')))) continue;
    const names = sections.get(section) ?? new Map<string, number>();
    names.set(row[2]!, Number(row[1]));
    sections.set(section, names);
  }
  return sections;
}

/** Constants that are no offsets. */
const NOT_OFFSETS = /_BYTES$|^ENTRY_|^ACTIVATION$|^SEAL$/;
const OFFSETS_ENDING_IN_BYTES = ['BLOCK_BYTES', 'SCHEMA_BYTES', 'FILE_BYTES', 'ENTRY_BYTES'];

describe('docs/FORMAT.md', () => {
  const documented = tables();
  const layouts: [string, Record<string, number>][] = [
    ['Chunk (`*.dwk`)', CHUNK],
    ['Catalog (`catalog.dwc`)', CATALOG],
    ['Catalog (`catalog.dwc`) entries', ENTRY],
    ['Ring (`*.ring`)', RING],
    ['Bell (`*.bell`)', SUBSCRIBER],
    ['Symbols (`symbols.dws`)', SYMBOLS],
    ['Segments (`segments.dwg`)', SEGMENTS],
    ['Segments (`segments.dwg`) entries', SEGMENT_ENTRY],
  ];
  for (const [section, layout] of layouts) {
    it(`has every offset of ${section} as the code has it`, () => {
      const expected = Object.entries(layout)
        .filter(([name]) => !NOT_OFFSETS.test(name) || OFFSETS_ENDING_IN_BYTES.includes(name))
        .filter(([name]) => name !== 'FEED_NAME_BYTES');
      expect(expected.length).toBeGreaterThan(3);
      expect(Object.fromEntries(documented.get(section) ?? [])).toEqual(Object.fromEntries(expected));
    });
  }
});
