import { Command } from 'commander';
import { CommandExit } from '../command-exit.js';
import { createProgram } from '../program.js';
import { Commands } from '../shell/commands.js';
import { runShell } from '../shell/run-shell.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';

/** Those that take the terminal, or standard input, for themselves and for long. */
const NOT_HERE = new Set(['shell', 'ingest', 'replay-server']);

/** `deepwater shell` */
export function shellCommand(): Command {
  return new Command('shell')
    .description('look into a store line by line: the other commands at a prompt, with history and Tab; or from a pipe')
    .addOption(basePathOption())
    .addHelpText('after', `
At the prompt type what would stand behind \`deepwater\`, without --base-path: feeds, query trades --last 5, tail trades --follow.
Words are quoted as in a shell; # begins a remark. help lists the commands, help COMMAND says what one takes.
Ctrl+C ends what runs, exit or Ctrl+D the shell.

Examples:
  deepwater shell --base-path ./data
  printf 'feeds\\ninfo trades\\n' | deepwater shell

Exit codes: at a terminal 0; otherwise that of the last command that failed, or 0. A signal ends it with 128 and its number.`)
    .action(async ({ basePath }: StoreOptions) => {
      const feeds = (): Promise<readonly string[]> => withStore({ basePath }, (platform) => Promise.resolve(platform.listFeeds().map(({ name }) => name)));
      const { length } = await feeds();
      const terminal = process.stdin.isTTY && process.stdout.isTTY;
      if (terminal) process.stdout.write(`${basePath}: ${length} feed${length === 1 ? '' : 's'}. help lists the commands.\n`);
      const listed = (await createProgram()).commands.filter((command) => !NOT_HERE.has(command.name()));
      const commands = await Commands.start({ ...process.env, DEEPWATER_BASE_PATH: basePath });
      try {
        const code = await runShell({ prompt: 'deepwater> ', listed, commands, feeds, terminal });
        if (code !== 0) throw new CommandExit(code);
      } finally {
        commands.close();
      }
    });
}
