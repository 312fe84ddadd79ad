import { UsageError } from './main-job/options.js';

/** A program of the examples: what its options are, and what it does. */
export interface ExampleCommand<O> {
  readonly usage: string;
  /** Where its options are shown, for who got them wrong. */
  readonly help: string;
  /** @returns null where the usage was asked for. @throws UsageError */
  readonly parse: (args: readonly string[]) => O | null;
  /** @returns what to print */
  readonly run: (options: O) => Promise<string>;
}

/** Runs it. @returns the exit code */
export async function runCommand<O>({ usage, help, parse, run }: ExampleCommand<O>, args: readonly string[]): Promise<number> {
  try {
    const options = parse(args);
    process.stdout.write(options === null ? usage : await run(options));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n${help} shows the options.\n`);
      return 2;
    }
    // The stack only where nobody foresaw the error: those with a message of their own say what to do.
    const foreseen = error instanceof Error && error.name !== 'Error' && error.name !== 'TypeError';
    process.stderr.write(`\nFAILED: ${foreseen ? `${error.name}: ${error.message}` : (error as Error)?.stack ?? String(error)}\n`);
    return 1;
  }
}
