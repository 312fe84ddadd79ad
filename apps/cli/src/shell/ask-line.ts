import { createInterface } from 'node:readline';

export interface Asked {
  /** What was typed, most often one line; several where they were pasted. Undefined at the end (Ctrl+D). */
  readonly lines: readonly string[] | undefined;
  readonly history: string[];
}

/**
 * Asks for a line on this terminal. Each time anew: while a command runs the terminal is its own, and Ctrl+C a signal to it. Ctrl+C here gives the line up.
 */
export function askLine(prompt: string, history: string[], completer: (line: string) => Promise<[string[], string]>): Promise<Asked> {
  return new Promise((resolve) => {
    let kept = history;
    let lines: string[] | undefined;
    const terminal = createInterface({
      input: process.stdin, output: process.stdout, terminal: true, prompt, history: [...history], historySize: 1000, removeHistoryDuplicates: true,
      completer: (line: string, give: (error: Error | null, found?: [string[], string]) => void) => {
        completer(line).then((found) => { give(null, found); }, () => { give(null, [[], line]); });
      },
    });
    const given = (line: string): void => {
      // What was pasted behind it comes in the same turn.
      if (lines === undefined) setImmediate(() => { terminal.close(); });
      lines = [...(lines ?? []), line];
    };
    terminal.on('history', (now: string[]) => { kept = [...now]; })
      .on('line', given)
      .on('SIGINT', () => {
        process.stdout.write('^C\n');
        given('');
      })
      .on('close', () => {
        if (lines === undefined) process.stdout.write('\n');
        resolve({ lines, history: kept });
      });
    terminal.prompt();
  });
}
