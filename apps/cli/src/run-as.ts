import { run } from './run.js';

/** Runs one command under a name of its own: `deepwater-health …` is `deepwater health …`. */
export async function runAs(command: string, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  const [only] = args;
  const version = args.length === 1 && (only === '--version' || only === '-V');
  process.exitCode = await run(version ? args : [command, ...args]);
}
