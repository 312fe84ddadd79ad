/** The dashboard from its beginning to its end. Ink and React are loaded here and only when it is wanted: they take as long as all the rest of the program. */
import { DeepwaterError } from 'deepwater';
import { Controller } from './controller.js';
import { themeFor } from './draw/theme.js';
import { Screen } from './screen.js';
import type { DashboardSource } from './source.js';
import type { mount as mountView } from './view/mount.js';

/** Draws a second are four at most, */
const EVERY_MS = 250;
/** and fewer where a machine is so slow that they took more than this part of the thread's time. */
const SHARE_MAX = 1 / 20;
const EVERY_MS_MAX = 2000;

export interface DashboardOptions {
  /** Ends the ingest in order, as `q` does. */
  readonly signal?: AbortSignal;
  readonly stdout?: NodeJS.WriteStream;
  readonly stdin?: NodeJS.ReadStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

interface Terminal {
  readonly stdout: { readonly isTTY?: boolean };
  readonly stdin: { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether `--tui` can be had here, before anything is begun. @throws DeepwaterError DW_OPTION_INVALID */
export function requireTerminal({ stdout, stdin, env }: Terminal = process): void {
  const lacks = stdout.isTTY !== true ? 'standard output is none' : stdin.isTTY !== true ? 'standard input is none' : env['TERM'] === 'dumb' ? 'this one (TERM=dumb) cannot be drawn on' : undefined;
  if (lacks === undefined) return;
  throw new DeepwaterError('DW_OPTION_INVALID', `--tui needs a terminal, and ${lacks}. Leave --tui away: the ingest is the same, and tells how it goes in lines.`, { values: { option: '--tui', lacks } });
}

/**
 * Shows a running ingest until it has ended: by itself, by `q` or ctrl+c, or by the signal. The terminal is as it was then.
 * @throws DeepwaterError DW_OPTION_INVALID without a terminal; what `source.stop()` throws; what the source throws while it is looked at, and the
 * ingest goes on then
 */
export async function openDashboard(source: DashboardSource, options: DashboardOptions = {}): Promise<void> {
  const { stdout = process.stdout, stdin = process.stdin, env = process.env, signal } = options;
  requireTerminal({ stdout, stdin, env });
  const mount = await loadView();
  const screen = new Screen(stdout);
  const ended = settledLater();
  const size = () => ({ columns: screen.columns, rows: screen.rows });
  const controller = new Controller(source, size(), { onEnd: ended.resolve, onError: ended.reject, onRepaint: () => { screen.forget(); controller.look(); } });
  const resized = (): void => {
    screen.forget();
    controller.resize(size());
  };
  const stop = (): void => { controller.stop(); };
  const leave = (): void => { screen.leave(); };
  // Whatever ends the process, its terminal is given back.
  process.once('exit', leave);
  signal?.addEventListener('abort', stop, { once: true });
  stdout.on('resize', resized);
  screen.enter();
  let timer: NodeJS.Timeout | undefined;
  let unmount: (() => void) | undefined;
  try {
    unmount = mount(controller, themeFor(env), screen, stdin);
    const again = (waitMs: number): void => {
      timer = setTimeout(() => {
        const began = performance.now();
        controller.look();
        // React draws when this task is done, in a microtask that is before this one.
        queueMicrotask(() => { again(Math.min(EVERY_MS_MAX, Math.max(EVERY_MS, (performance.now() - began) / SHARE_MAX))); });
      }, waitMs);
    };
    again(EVERY_MS);
    if (signal?.aborted === true) stop();
    await ended.promise;
  } finally {
    clearTimeout(timer);
    controller.close();
    unmount?.();
    stdout.off('resize', resized);
    signal?.removeEventListener('abort', stop);
    screen.leave();
    process.off('exit', leave);
  }
  await controller.stopping;
}

function settledLater(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** React chooses its build when it is loaded, and takes the one for development unless it is told otherwise. */
async function loadView(): Promise<typeof mountView> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = before ?? 'production';
  try {
    return (await import('./view/mount.js')).mount;
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
  }
}
