import { render } from 'ink';
import type { Controller } from '../controller.js';
import type { Theme } from '../draw/theme.js';
import { DashboardView } from './dashboard-view.js';

/** Draws what the controller shows, and gives it the keys, until what comes back is called. */
export function mount(controller: Controller, theme: Theme, stdout: NodeJS.WriteStream, stdin: NodeJS.ReadStream): () => void {
  // `debug` hands over each frame whole, where ink would erase and write all lines again: the screen finds out what has changed.
  const instance = render(<DashboardView controller={controller} theme={theme} />, { stdout, stdin, debug: true, exitOnCtrlC: false, patchConsole: false });
  return () => {
    instance.unmount();
    instance.cleanup();
  };
}
