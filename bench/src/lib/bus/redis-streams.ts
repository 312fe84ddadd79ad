import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient } from 'redis';
import { nowNs } from '../clock.js';
import { Arrivals } from './arrivals.js';
import { type PeerRun, type Tuple, send } from './contestants.js';

/** A Redis server of our own: on a Unix socket, in memory, nothing saved. */
export interface RedisServer {
  readonly version: string;
  /** XADD of one record each, pipelined as the client does it; XREAD BLOCK on another connection. */
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
    remove();
    return `redis-server ${version} does not start`;
  }
  let runs = 0;
  return {
    version,
    race: (records, intervalNs) => race(socket, `records-${runs++}`, records, intervalNs),
    close: async () => {
      const gone = new Promise((resolve) => server.once('close', resolve));
      server.kill();
      await gone;
      process.off('exit', abandon);
      remove();
    },
  };
}

/** Whether a server came so far as to accept connections. */
function accepts(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/ready to accept connections/i.test(said)) resolve(true);
    });
    server.once('error', () => { resolve(false); });
    server.once('close', () => { resolve(false); });
  });
}

const BATCH = 1000;

async function race(socket: string, stream: string, records: number, intervalNs: number): Promise<PeerRun> {
  const publisher = createClient({ RESP: 2, socket: { path: socket, tls: false } });
  const subscriber = createClient({ RESP: 2, socket: { path: socket, tls: false } });
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const arrivals = new Arrivals(records);
  const listen = async (): Promise<void> => {
    let id = '0';
    while (!arrivals.complete) {
      const streams = await subscriber.sendCommand(['XREAD', 'COUNT', String(BATCH), 'BLOCK', '1000', 'STREAMS', stream, id]) as unknown as [string, [string, string[]][]][] | null;
      for (const [entry, values] of streams?.[0]?.[1] ?? []) {
        arrivals.take(Number(values[1]), Number(values[3]), Number(values[5]));
        id = entry;
      }
    }
  };
  const started = nowNs();
  const heard = listen();
  const sent: Promise<unknown>[] = [];
  const publish = ([price, dueNs, timeUs]: Tuple): void => {
    sent.push(publisher.sendCommand(['XADD', stream, '*', 'price', String(price), 'size', String(dueNs), 'timestamp', String(timeUs)]));
  };
  await send(records, intervalNs, publish);
  await Promise.all(sent);
  await heard;
  const seconds = (nowNs() - started) / 1e9;
  await publisher.del(stream);
  await Promise.all([publisher.close(), subscriber.close()]);
  return { ...arrivals.result(), seconds };
}
