import { spawnSync } from 'node:child_process';
import { DeepwaterError } from 'deepwater';

/** The user's crontab, as `crontab -l` prints it; empty where there is none. @param line to be put there by hand where there is no crontab(1) */
export function readCrontab(line: string): string {
  const { status, stdout, stderr } = run(['-l'], line);
  if (status === 0) return stdout;
  // There is no other way to tell: "no crontab for user", in whatever language, comes with nothing on stdout.
  if (stdout === '' && /no crontab/i.test(stderr)) return '';
  throw failed('crontab -l', stderr, line);
}

/** Replaces the user's crontab. */
export function writeCrontab(text: string, line: string): void {
  const { status, stderr } = run(['-'], line, text);
  if (status !== 0) throw failed('crontab -', stderr, line);
}

function run(args: readonly string[], line: string, input?: string): { status: number | null; stdout: string; stderr: string } {
  const { error, status, stdout, stderr } = spawnSync('crontab', args, {
    encoding: 'utf8', timeout: 30_000, maxBuffer: 64 * 1024 * 1024,
    // Its messages are read.
    env: { ...process.env, LC_ALL: 'C' },
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined) throw failed(`crontab ${args.join(' ')}`, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such program' : error.message, line, error);
  return { status, stdout, stderr };
}

function failed(call: string, why: string, line: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_SYSTEM_CALL', `\`${call}\` failed: ${why.trim()}. Have whatever runs your jobs run this line, or part of it:\n${line}`, { values: { call, line }, cause });
}
