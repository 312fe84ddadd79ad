import { fenceOwnThreads, registerPublisher } from '@deepwater/core/engine';

/** Whether this process may publish with plain stores (see compile-row-writer.ts). */
export function plainPublishing(): boolean {
  return process.arch === 'x64' && registerPublisher() && fenceOwnThreads();
}
