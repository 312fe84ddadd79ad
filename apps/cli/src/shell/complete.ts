/** What Tab offers on a line of the shell. */
import type { Command } from 'commander';

/** Words that the shell itself knows. */
export const SHELL_WORDS = ['help', 'exit'];

/**
 * @param feeds names of the store's feeds, asked for where one may stand
 * @returns the words that may stand here, each with a blank behind it, and the part of the line that they take the place of, as readline wants it
 */
export async function complete(line: string, commands: readonly Command[], feeds: () => Promise<readonly string[]>): Promise<[string[], string]> {
  const words = line.trimStart().replace(/^deepwater\s+/, '').split(/\s+/);
  const [name = ''] = words;
  const part = words.at(-1) ?? '';
  const named = commands.find((command) => command.name() === name);
  const offered = words.length === 1 || (name === 'help' && words.length === 2) ? [...commands.map((command) => command.name()), ...(words.length === 1 ? SHELL_WORDS : [])]
    : named === undefined ? []
    : part.startsWith('-') ? [...named.options.map(({ long, short }) => long ?? short ?? ''), '--help']
    : await feeds();
  return [offered.filter((word) => word.startsWith(part)).sort().map((word) => `${word} `), part];
}
