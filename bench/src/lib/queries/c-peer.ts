import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ENTRY_STATE, chunkGeometry, chunkPath, compileSchema, feedPaths, openCatalog, readFeedFile } from '@deepwater/core';
import type { Answer, Contender } from './race.js';

const SOURCE = fileURLToPath(new URL('../../../native/scans.c', import.meta.url));

/** How the loops are compiled: as anybody compiles them; and for this processor, additions in any order. */
const C_FLAGS = { plain: ['-O3'], vector: ['-O3', '-march=native', '-ffast-math'] } as const;
export type CBuild = keyof typeof C_FLAGS;
export const cName = (build: CBuild): string => `a plain C loop over the mapped chunks, cc ${C_FLAGS[build].join(' ')}`;

/** Where the chunks of a feed are, as native/scans.c reads it. */
function chunkList(basePath: string, feedName: string): string {
  const feed = readFeedFile(basePath, feedName);
  if (feed === undefined) throw new RangeError(`no feed ${feedName}`);
  const schema = compileSchema(feed.spec);
  const paths = feedPaths(basePath, feedName);
  const { columnOffsets } = chunkGeometry(schema, feed.spec.chunkSizeBytes);
  const at = (name: string): number => columnOffsets[schema.fields.find((field) => field.name === name)?.index ?? -1] ?? 0;
  const offsets = ['price', 'size', 'timestamp', 'side'].map(at);
  const { view } = openCatalog(paths.catalog, schema, feed.uid, false);
  return Array.from({ length: view.count }, (_, index) => {
    const { chunkId, rows, state } = view.entry(index);
    if (state !== ENTRY_STATE.SEALED) throw new RangeError(`chunk ${chunkId} of ${feedName} is not sealed`);
    return `${[chunkPath(paths, chunkId), rows, ...offsets].join('\t')}\n`;
  }).join('');
}

/** A process that runs plain C loops over the chunks of a feed, mapped as long as it lives. */
export class CPeer {
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  #errors = '';
  #ended: Error | undefined;

  private constructor(private readonly process: ChildProcess, private readonly outputFile: string) {
    createInterface({ input: process.stdout! }).on('line', (line) => { this.#waiting.shift()?.resolve(line); });
    process.stderr!.setEncoding('utf8').on('data', (text: string) => { this.#errors += text; });
    process.once('close', (code, signal) => {
      const ended = new Error(`the C peer ended with ${signal ?? `code ${code}`}: ${this.#errors}`);
      this.#ended = ended;
      for (const { reject } of this.#waiting.splice(0)) reject(ended);
    });
  }

  /** @param directory for what is compiled @returns undefined where there is no C compiler */
  static start(build: CBuild, basePath: string, feedName: string, directory: string): CPeer | undefined {
    const binary = path.join(directory, `scans-${build}`);
    const { error, status, stderr } = spawnSync('cc', [...C_FLAGS[build], '-o', binary, SOURCE], { encoding: 'utf8' });
    if (error !== undefined) return undefined;
    if (status !== 0) throw new Error(`cc did not compile ${SOURCE}: ${stderr}`);
    const list = `${binary}-${feedName}.tsv`;
    writeFileSync(list, chunkList(basePath, feedName));
    const process = spawn(binary, [list], { stdio: ['pipe', 'pipe', 'pipe'] });
    return new CPeer(process, `${binary}-${process.pid}.bars`);
  }

  /** @param command a line that native/scans.c knows */
  async ask(command: string): Promise<Answer> {
    if (this.#ended !== undefined) throw this.#ended;
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.process.stdin!.write(`${command}\n`);
    });
    const [ns, ...values] = line.split(' ').map(Number);
    return { ns, values };
  }

  /** Time or volume bars, eight numbers each. @param most that there can be */
  async bars(kind: 'time-bars' | 'volume-bars', step: number, most: number): Promise<Answer> {
    const { ns } = await this.ask(`${kind} ${step} ${most} ${this.outputFile}`);
    const bytes = readFileSync(this.outputFile);
    rmSync(this.outputFile);
    return { ns, values: new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) };
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = new Promise((resolve) => { this.process.once('close', resolve); });
    this.process.stdin!.end();
    await closed;
  }
}

export type CPeers = Readonly<Record<CBuild, CPeer>>;

/** Both builds over one feed; undefined where there is no C compiler. */
export function startCPeers(basePath: string, feedName: string, directory: string): CPeers | undefined {
  const plain = CPeer.start('plain', basePath, feedName, directory);
  const vector = CPeer.start('vector', basePath, feedName, directory);
  return plain === undefined || vector === undefined ? undefined : { plain, vector };
}

export async function stopCPeers(peers: CPeers | undefined): Promise<void> {
  await peers?.plain.stop();
  await peers?.vector.stop();
}

/** Both builds, asked the same; none where there is no compiler. */
export function cContenders(peers: CPeers | undefined, ask: (peer: CPeer) => Promise<Answer>): Contender[] {
  return peers === undefined ? [] : (['vector', 'plain'] as const).map((build) => ({ name: cName(build), ask: () => ask(peers[build]) }));
}

/** What a line says whose C peers are missing. */
export const noteOnC = (peers: CPeers | undefined): readonly string[] => (peers === undefined ? ['no C peer: there is no C compiler (cc) here'] : []);
