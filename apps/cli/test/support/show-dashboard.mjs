/** The dashboard over a made-up ingest, to be looked at: `node apps/cli/test/support/show-dashboard.mjs [symbols]`. Says at its end what it cost. */
import { clearInterval, setInterval, setTimeout } from 'node:timers';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openDashboard } from '../../dist/dashboard/open-dashboard.js';
import { MANY_SYMBOLS, scriptedSource } from './scripted-source.mjs';

const count = Number(process.argv[2] ?? 20);
const source = scriptedSource({ symbols: MANY_SYMBOLS.slice(0, count), startMs: Date.now() - 120_000, ...(process.argv[3] === undefined ? {} : { latencyUs: Number(process.argv[3]) }) });
source.advance(120_000);
let last = Date.now();
let ownMs = 0;
const timer = setInterval(() => {
  const began = performance.now();
  const now = Date.now();
  source.advance(now - last);
  last = now;
  ownMs += performance.now() - began;
}, 100);
const loop = monitorEventLoopDelay({ resolution: 10 });
let began = performance.now();
let cpu = process.cpuUsage();
// Loading is not what it costs in the long run.
setTimeout(() => {
  [began, cpu, ownMs] = [performance.now(), process.cpuUsage(), 0];
  loop.enable();
}, 3000).unref();
await openDashboard(source);
clearInterval(timer);
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - began) / 1000;
console.log(`${seconds.toFixed(1)} s: ${(((user + system) / 1e6 / seconds) * 100).toFixed(1)} % of a core, of which the made-up ingest ${((ownMs / 1000 / seconds) * 100).toFixed(1)} %; ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB; a timer of 10 ms came after ${(loop.percentile(99) / 1e6).toFixed(1)} ms at the 99th percentile, ${(loop.max / 1e6).toFixed(1)} ms at most`);
