import { CommanderError } from 'commander';
import { DeepwaterError } from 'deepwater';
import { CommandExit } from './command-exit.js';
import { flush, stdoutFailure, watchStdout } from './output/stdout.js';
import { stopListening } from './output/stop-signal.js';
import { createProgram } from './program.js';

/** What the process ends with. */
export const EXIT = {
  OK: 0,
  /** The command cannot be carried out as it was given: a mistake in it, or an error of the store, with its code. */
  ERROR: 1,
  /** A mistake of this program. */
  UNEXPECTED: 2,
} as const;

/** Commands whose exit code 1 means something else: a mistake, or an error of the store, is this one. */
const ERROR_OF: Readonly<Record<string, number>> = { health: 2, repair: 2 };

/** Runs the command line; resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const errorCode = ERROR_OF[args[0] ?? ''] ?? EXIT.ERROR;
  watchStdout();
  try {
    await (await createProgram(args[0])).parseAsync(args, { from: 'user' });
    const failure = stdoutFailure();
    if (failure === undefined) return EXIT.OK;
    process.stderr.write(`deepwater: the output cannot be written: ${failure.message}\n`);
    return errorCode;
  } catch (error) {
    if (error instanceof CommandExit) return error.exitCode;
    // Help and version come this way too, with 0; what else is wrong has been printed.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : errorCode;
    if (DeepwaterError.isDeepwaterError(error)) {
      process.stderr.write(`deepwater: ${error.code}: ${error.message}\n`);
      return errorCode;
    }
    process.stderr.write(`deepwater: unexpected error, please report it\n${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.UNEXPECTED;
  } finally {
    // What a command had printed when it failed is nobody else's.
    await flush().catch(() => undefined);
    stopListening();
  }
}
