import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nowNs } from '../clock.js';
import { within } from '../within.js';
import { type PeerRun, type Tuple, send } from './contestants.js';
import { listenInThread } from './listen.js';
import { connectRedis } from './redis-client.js';

/** What the subscriber of a stream is told. */
export interface RedisOrder {
  readonly socket: string;
  readonly stream: string;
  readonly records: number;
}

/** A Redis server of our own: on a Unix socket, in memory, nothing saved. */
export interface RedisServer {
  readonly version: string;
  /** XADD of one record each, pipelined by the client as far as they are sent in one turn; XREAD BLOCK in a worker thread. */
  race(records: number, intervalNs: number): Promise<PeerRun>;
  close(): Promise<void>;
}

/** @returns why there is none, where there is none */
export async function startRedis(): Promise<RedisServer | string> {
  let version: string;
  try {
    version = /v=([\d.]+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'of an unknown version';
  } catch {
    return 'there is no redis-server on the PATH (Debian: apt-get install redis-server)';
  }
  // A socket's path may have 107 characters.
  const directory = mkdtempSync(path.join(os.tmpdir(), 'dw-redis-'));
  const socket = path.join(directory, 's');
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const remove = (): void => { rmSync(directory, { recursive: true, force: true }); };
  // A benchmark that is given up leaves neither server nor directory.
  const abandon = (): void => {
    server.kill('SIGKILL');
    remove();
  };
  process.once('exit', abandon);
  if (!await accepts(server)) {
    process.off('exit', abandon);
    abandon();
    return `redis-server ${version} does not start`;
  }
  let runs = 0;
  return {
    version,
    race: (records, intervalNs) => race(socket, `records-${runs++}`, records, intervalNs),
    close: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const gone = new Promise((resolve) => server.once('close', resolve));
        server.kill();
        const limit = setTimeout(() => { server.kill('SIGKILL'); }, END_MS);
        await gone;
        clearTimeout(limit);
      }
      process.off('exit', abandon);
      remove();
    },
  };
}

/** Whether a server came so far as to accept connections. */
function accepts(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => { resolve(false); }, START_MS).unref();
    let said = '';
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/ready to accept connections/i.test(said)) resolve(true);
    });
    server.once('error', () => { resolve(false); });
    server.once('close', () => { resolve(false); });
  });
}

/** A server that takes longer to start, or to end, is given up. */
const START_MS = 10_000;
const END_MS = 5_000;
/** The same of a run: the server has died, or the subscriber. */
const RUN_MS = 60_000;

const SUBSCRIBER = new URL('../../children/redis-subscriber.js', import.meta.url);

async function race(socket: string, stream: string, records: number, intervalNs: number): Promise<PeerRun> {
  const publisher = await connectRedis(socket);
  try {
    const subscriber = listenInThread(SUBSCRIBER, { socket, stream, records } satisfies RedisOrder);
    await subscriber.ready;
    const started = nowNs();
    const sent: Promise<unknown>[] = [];
    await send(records, intervalNs, ([price, dueNs, timeUs]: Tuple) => {
      sent.push(publisher.sendCommand(['XADD', stream, '*', 'price', String(price), 'size', String(dueNs), 'timestamp', String(timeUs)]));
    });
    const [result] = await within(RUN_MS, Promise.all([subscriber.result, ...sent]), 'Redis has not taken every record');
    await publisher.del(stream);
    return { ...result, seconds: (result.lastNs - started) / 1e9 };
  } finally {
    publisher.destroy();
  }
}
