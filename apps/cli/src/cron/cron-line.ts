import { createHash } from 'node:crypto';
import { DeepwaterError } from 'deepwater';

/** Minutes that a line of a crontab can say: parts of an hour, and whole hours that are parts of a day. */
export const CRON_MINUTES = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440] as const;

const MARK = '# deepwater-cleanup';

/** What a crontab line of ours is made of. */
export interface CronJob {
  /** One of {@link CRON_MINUTES}. */
  readonly minutes: number;
  readonly node: string;
  readonly script: string;
  /** Absolute. */
  readonly basePath: string;
}

/** The line: `crontab -l | grep deepwater` shows it, and {@link withoutJob} knows it by what stands at its end. */
export function cronLine({ minutes, node, script, basePath }: CronJob): string {
  const command = [node, script, 'cleanup', '--base-path', basePath].map(quoted).join(' ');
  return `${schedule(minutes)} ${command} >/dev/null ${markOf(basePath)}`;
}

/** A crontab with a job's line, in the place of the one that its store had, else at the end; other lines stay as they are. */
export function withJob(crontab: string, job: CronJob): string {
  const { text } = withoutJob(crontab, job.basePath);
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${cronLine(job)}\n`;
}

/** A crontab without the line of a store; how many there were. */
export function withoutJob(crontab: string, basePath: string): { text: string; removed: number } {
  const lines = crontab.split('\n');
  const kept = lines.filter((line) => !line.endsWith(markOf(basePath)));
  return { text: kept.join('\n'), removed: lines.length - kept.length };
}

/** The mark is of the path, which may hold what a comment must not. */
function markOf(basePath: string): string {
  return `${MARK} ${createHash('sha256').update(basePath).digest('hex').slice(0, 16)}`;
}

/** @throws DeepwaterError DW_OPTION_INVALID for minutes that a crontab cannot say */
function schedule(minutes: number): string {
  if (!(CRON_MINUTES as readonly number[]).includes(minutes)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `cron cannot run something every ${minutes} minutes. Give --interval one of ${CRON_MINUTES.join(', ')}.`, {
      values: { option: 'interval', given: minutes, possible: CRON_MINUTES },
    });
  }
  if (minutes === 1) return '* * * * *';
  if (minutes < 60) return `*/${minutes} * * * *`;
  const hours = minutes / 60;
  return `0 ${hours === 1 ? '*' : hours === 24 ? '0' : `*/${hours}`} * * *`;
}

/**
 * For the shell, in single quotes where it needs any; and for cron, which ends a command at a percent sign without a backslash.
 * @throws DeepwaterError DW_OPTION_INVALID for what no quotes make safe
 */
function quoted(word: string): string {
  if (/[\0\n\r\\]/.test(word)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `${JSON.stringify(word)} has a line break or a backslash, which crons read in different ways. Give a link to it without one.`, { values: { word } });
  }
  const shell = /^[A-Za-z0-9_./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
  return shell.replaceAll('%', '\\%');
}
