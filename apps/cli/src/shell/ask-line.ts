import { createInterface } from 'node:readline';

export interface Asked {
  /** What was typed, most often one line; several where they were pasted. Undefined at the end (Ctrl+D). */
  readonly lines: readonly string[] | undefined;
  /** What stands behind the last of them. */
  readonly begun: string;
  readonly history: readonly string[];
}

/**
 * Asks for a line on this terminal. Each time anew: while a command runs the terminal is its own, and Ctrl+C a signal to it. Ctrl+C here gives the line up.
 * @param before what the time before left to begin with
 */
export function askLine(prompt: string, before: Pick<Asked, 'begun' | 'history'>, completer: (line: string) => Promise<[string[], string]>): Promise<Asked> {
  return new Promise((resolve) => {
    let { history } = before;
    let begun = '';
    let lines: string[] | undefined;
    const terminal = createInterface({
      input: process.stdin, output: process.stdout, terminal: true, prompt, history: [...history], historySize: 1000, removeHistoryDuplicates: true,
      completer: (line: string, give: (error: Error | null, found?: [string[], string]) => void) => {
        completer(line).then((found) => { give(null, found); }, () => { give(null, [[], line]); });
      },
    });
    const given = (line: string): void => {
      // What was pasted behind it comes in the same turn.
      if (lines === undefined) {
        setImmediate(() => {
          begun = terminal.line;
          terminal.close();
        });
      }
      lines = [...(lines ?? []), line];
    };
    const givenUp = (): void => {
      process.stdout.write('^C\n');
      lines = [];
      terminal.close();
    };
    const end = (): void => { terminal.close(); };
    process.once('SIGTERM', end);
    terminal.on('history', (now: string[]) => { history = [...now]; })
      .on('line', given)
      .on('SIGINT', givenUp)
      .on('close', () => {
        process.off('SIGTERM', end);
        if (lines === undefined) process.stdout.write('\n');
        resolve({ lines, begun, history });
      });
    terminal.prompt();
    if (before.begun !== '') terminal.write(before.begun);
  });
}
