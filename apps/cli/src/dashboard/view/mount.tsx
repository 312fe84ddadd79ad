import { EventEmitter } from 'node:events';
import { render } from 'ink';
import type { Controller } from '../controller.js';
import type { Theme } from '../draw/theme.js';
import type { Screen } from '../screen.js';
import { DashboardView } from './dashboard-view.js';
import { expand } from './marks.js';

/** Draws what the controller shows, and gives it the keys, until what comes back is called. */
export function mount(controller: Controller, theme: Theme, screen: Screen, stdin: NodeJS.ReadStream): () => void {
  // What ink needs of a stream. Sizes are the controller's, so nothing is listened to; marks are all that ink writes, so few columns are enough.
  const stdout = Object.assign(new EventEmitter(), {
    columns: 8,
    write(frame: string): boolean {
      screen.paint(expand(frame, controller.screenful().picture, theme));
      return true;
    },
  }) as unknown as NodeJS.WriteStream;
  // `debug` hands over each frame whole, where ink would erase and write all lines again: the screen finds out what has changed.
  const instance = render(<DashboardView controller={controller} />, { stdout, stdin, debug: true, exitOnCtrlC: false, patchConsole: false });
  return () => {
    instance.unmount();
    instance.cleanup();
  };
}
