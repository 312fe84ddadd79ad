/** A source file that is not what it should be. The message names file, line where there is one, and value. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
