import type { Gathered } from './gathered.js';

/** Where the output of a command or an export goes. */
export interface Output extends Gathered {
  /** What it is: decides which form of Arrow fits, and that bytes are not thrown at a person. */
  readonly kind: 'terminal' | 'pipe' | 'file';
  /** Aborted once nobody reads it any more. */
  readonly closed: AbortSignal;
  /** All has been written. */
  end(): Promise<void>;
  /** It came to nothing: nothing half-written stays behind. */
  abandon(): Promise<void>;
}
