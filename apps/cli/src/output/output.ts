import { fstatSync } from 'node:fs';
import { type Output, openOutputFile } from '@deepwater/import-export/output';
import { flush, print, printBytes, stdoutClosed } from './stdout.js';

export type { Output };

/** Standard output. */
export const standardOutput: Output = {
  get kind() {
    if (process.stdout.isTTY) return 'terminal';
    return isFile(process.stdout.fd) ? 'file' : 'pipe';
  },
  closed: stdoutClosed,
  print,
  write: printBytes,
  flush,
  end: flush,
  async abandon() {},
};

/**
 * Opens the output that `--output` names, a file, or standard output for `-` and where it is left out, does `work`, and ends it; what was
 * written is removed where the work fails. @throws DeepwaterError DW_OUTPUT_FAILED
 */
export async function withOutput(name: string | undefined, work: (output: Output) => Promise<void>): Promise<void> {
  const output = name === undefined || name === '-' ? standardOutput : await openOutputFile(name);
  try {
    await work(output);
    await output.end();
  } catch (error) {
    await output.abandon();
    throw error;
  }
}

function isFile(fd: number): boolean {
  try {
    // As bigint: Node's realpathSync takes what the last plain fstat found, a pipe, for what it looks at, and imports fail.
    return fstatSync(fd, { bigint: true }).isFile();
  } catch {
    return false;
  }
}
