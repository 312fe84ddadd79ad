import { type ChildProcessByStdio, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { chunksOf, feedSource, firstWrong, ingest, isIndexPoint, openFiles, recordOf, selfChecking, temporaryStore } from './support/feed.js';
import { gatherField } from '@deepwater/ring';

/** How often a writer is killed, four times of five one of a feed of mode UF: 100 in CI, more by `KILLS=10000 npx vitest run packages/ingest/test/kill.test.ts`. */
const KILLS = Number(process.env['KILLS'] ?? 100);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WRITER = fileURLToPath(new URL('./support/kill-writer.mjs', import.meta.url));

const stores = [temporaryStore(), temporaryStore()];
afterAll(() => { for (const store of stores) store.remove(); });

describe('a writer process that is killed', () => {
  it.each([
    ['UF', Math.ceil(KILLS * 0.8), stores[0]!],
    ['IF', Math.ceil(KILLS * 0.2), stores[1]!],
  ] as const)(`of a feed of mode %s loses nothing that reached the ring, %i times (seed ${SEED})`, { timeout: 60_000 + KILLS * 2000 }, async (mode, kills, store) => {
    const source = feedSource(store.path, { ...selfChecking, mode, chunkSizeBytes: 100_000, ringRecords: 2048 });
    fs.mkdirSync(path.join(store.path, 'feeds'));
    const notesPath = path.join(store.path, 'notes');
    let random = SEED >>> 0;
    const next = (): number => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 4294967296;

    const start = (kill: number): ChildProcessByStdio<Writable, null, Readable> =>
      spawn(process.execPath, [WRITER, JSON.stringify(source), String(SEED + kill), notesPath], { stdio: ['pipe', 'ignore', 'pipe'] });
    fs.writeFileSync(notesPath, Buffer.alloc(24));
    let ready = start(0);

    let verifiedTo = 0; // every record below this has been seen, in order and whole
    let chunksSeen = 0;
    let killedWithRowsInRing = 0;
    let killedBeforeOpen = 0;
    for (let kill = 0; kill < kills; kill++) {
      fs.writeFileSync(notesPath, Buffer.alloc(24));
      const child = ready;
      ready = start(kill + 1); // its modules load while this one writes
      child.stdin.write('go');
      let stderr = '';
      child.stderr.on('data', (text) => (stderr += String(text)));
      const exited = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_code, signal) => { resolve(signal); }));
      // Mostly in the midst of writing; sometimes while it still opens and recovers.
      const early = next() < 0.1;
      if (early) await delay(next() * 300);
      else {
        while (opened(notesPath) === 0 && child.exitCode === null) await delay(2);
        await delay(next() * 30);
      }
      child.kill('SIGKILL');
      expect(await exited, stderr).toBe('SIGKILL');

      const notes = fs.readFileSync(notesPath);
      const [flushed, synced, openedAt] = [notes.readDoubleLE(0), notes.readDoubleLE(8), notes.readDoubleLE(16)];
      if (openedAt === 0) killedBeforeOpen += 1;
      else expect(openedAt - 1, `kill ${kill}: the writer went on where the records ended`).toBe(verifiedTo);
      if (!fs.existsSync(path.join(store.path, 'feeds', 'checked', 'catalog.dwc'))) continue;

      // What is there, as any reader sees it: chunks, then the ring.
      let end = 0;
      for (const chunk of chunksOf(source, Math.max(0, chunksSeen - 2))) {
        if (end > 0) expect(chunk.firstSequence, `kill ${kill}: chunks follow each other`).toBe(end);
        expect(firstWrong(chunk), `kill ${kill}, seed ${SEED}`).toBeUndefined();
        end = chunk.firstSequence + chunk.rows;
      }
      const { ring, schema, catalog } = openFiles(source);
      chunksSeen = catalog.count;
      if (ring !== undefined) {
        const head = ring.head;
        expect(head).toBeGreaterThanOrEqual(end);
        if (head > end) killedWithRowsInRing += 1;
        const cells = new Uint8Array((head - end) * 8);
        gatherField(ring, schema.fields[1]!, end, head, cells, 0);
        const squares = new Float64Array(cells.buffer);
        for (let s = end; s < head; s++) expect(squares[s - end], `kill ${kill}: ring row ${s}`).toBe(recordOf(s)[1]);
        if (schema.indexColumn !== undefined) {
          const marks = new Uint8Array(head - end);
          gatherField(ring, schema.indexColumn, end, head, marks, 0);
          marks.forEach((mark, i) => { if (mark !== (isIndexPoint(end + i) ? 1 : 0)) expect.fail(`kill ${kill}: ring row ${end + i} has the mark ${mark}`); });
        }
        end = head;
      }
      expect(end, `kill ${kill}: flushed records are there`).toBeGreaterThanOrEqual(flushed);
      expect(end, `kill ${kill}: synced records are there`).toBeGreaterThanOrEqual(synced);
      expect(end).toBeGreaterThanOrEqual(verifiedTo);
      verifiedTo = end;
    }

    ready.kill('SIGKILL');

    // The next writer moves what is left, and then everything is in sealed chunks, from the first record to the last.
    const { service } = ingest();
    const writer = await service.openWriter(source);
    expect(writer.position).toBe(verifiedTo);
    await writer.close();
    await service.close();
    let end = 0;
    for (const chunk of chunksOf(source)) {
      expect(chunk.sealed).toBe(true);
      expect(chunk.firstSequence).toBe(end);
      expect(firstWrong(chunk), `seed ${SEED}`).toBeUndefined();
      end += chunk.rows;
    }
    expect(end).toBe(verifiedTo);
    console.log(`${mode}: ${kills} kills, ${verifiedTo} records in ${chunksSeen} chunks; ${killedWithRowsInRing} kills with rows only in the ring, ${killedBeforeOpen} before the writer was open (seed ${SEED})`);
    expect(verifiedTo).toBeGreaterThan(kills * 100);
  });
});

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
function opened(notesPath: string): number {
  const notes = fs.readFileSync(notesPath);
  return notes.length < 24 ? 0 : notes.readDoubleLE(16);
}
