import { nowNs } from './clock.js';

/** What starting something left to do is not idleness. */
const SETTLE_MS = 300;

/** Processor of this whole process while nothing is published, percent of a core. */
export async function idlePercent(milliseconds: number): Promise<number> {
  await new Promise((resolve) => { setTimeout(resolve, SETTLE_MS); });
  const cpu = process.cpuUsage();
  const started = nowNs();
  await new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const { user, system } = process.cpuUsage(cpu);
  return ((user + system) / 1e6 / ((nowNs() - started) / 1e9)) * 100;
}
