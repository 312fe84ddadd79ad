import { Command } from 'commander';
import { CommandExit } from '../command-exit.js';

/** `deepwater replay-server`: its options are its own (docs/REPLAY.md), and so is its help. */
export function replayServerCommand(): Command {
  return new Command('replay-server')
    .description("play what was recorded from an exchange, in the exchange's own protocol, at an address of this machine")
    .argument('[options...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (_options: readonly string[], _none: object, command: Command) => {
      const { replayServerCommand: run } = await import('@deepwater/replay-server');
      const code = await run(command.args);
      if (code !== 0) throw new CommandExit(code);
    });
}
