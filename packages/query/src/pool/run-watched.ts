import { DeepwaterError } from '@deepwater/core/engine';
import type { Steps } from '../slices.js';
import type { TaskHelper } from './task-control.js';

/** Runs the steps of a task through, with a look between any two at whether anybody still waits for it. @throws DeepwaterError DW_ABORTED */
export function runWatched<T>(steps: Steps<T>, helper: TaskHelper): T {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      checkWanted(helper);
    }
  } finally {
    // Lets go of what it holds.
    steps.return(undefined as never);
  }
}

/** @throws DeepwaterError DW_ABORTED where nobody waits for the task any more */
export function checkWanted(helper: TaskHelper): void {
  if (helper.cancelled()) throw new DeepwaterError('DW_ABORTED', 'Nobody waits for this scan any more.');
}
