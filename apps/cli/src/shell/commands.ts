import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./command-process.js', import.meta.url));

/** How a command ended. */
export interface Ended {
  /** As a shell tells it: 128 and the signal's number for one that a signal ended. */
  readonly code: number;
  /** It was ended, or told to end, by a signal: what was to come behind it is not wanted any more. */
  readonly stopped: NodeJS.Signals | undefined;
}

/** A process that waits for its command. */
interface Waiting {
  readonly child: ChildProcess;
  readonly begun: Promise<unknown>;
}

/**
 * Runs commands each in a process of its own, which Ctrl+C ends whatever it does; the next one is started while this one runs, since loading the program takes
 * longest. They have no terminal of their own, so that signals come to them from here alone, and no standard input, which is the shell's.
 *
 * Node.js takes note of the terminal's state when it begins, and puts it back when it ends: processes have to begin while nobody is typing.
 */
export class Commands {
  #next: Waiting;

  private constructor(private readonly env: NodeJS.ProcessEnv) {
    this.#next = this.#start();
  }

  static async start(env: NodeJS.ProcessEnv): Promise<Commands> {
    const commands = new Commands(env);
    await commands.#next.begun;
    return commands;
  }

  async run(args: readonly string[]): Promise<Ended> {
    // Somebody else may have ended it meanwhile.
    if (!this.#next.child.connected) this.#next = this.#start();
    const { child } = this.#next;
    let told: NodeJS.Signals | undefined;
    const tell = (signal: NodeJS.Signals): void => {
      told = signal;
      child.kill(signal);
    };
    process.on('SIGINT', tell).on('SIGTERM', tell);
    try {
      const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
      child.send(args);
      this.#next = this.#start();
      const [[code, signal]] = await Promise.all([ended, this.#next.begun]);
      return { code: code ?? 128 + constants.signals[signal!], stopped: signal ?? told };
    } finally {
      process.off('SIGINT', tell).off('SIGTERM', tell);
    }
  }

  close(): void {
    this.#next.child.kill('SIGKILL');
  }

  #start(): Waiting {
    const child = fork(PROGRAM, { env: this.env, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return { child, begun: Promise.race([once(child, 'message'), once(child, 'exit')]) };
  }
}
