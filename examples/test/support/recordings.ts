import type { TestContext } from 'vitest';
import { recordingsFolder } from '../../dist/folders.js';
import { findSources } from '../../dist/sources/find-sources.js';
import type { TickSource } from '../../dist/sources/tick-source.js';

/** The folder with whole recordings; skips the test, with the reason, where there is none. */
export function recordings(context: TestContext): string {
  const folder = recordingsFolder();
  if (folder === undefined) context.skip('no folder with whole recordings: set DEEPWATER_RECORDINGS to one');
  return folder as string;
}

/** The source of a feed below a folder. */
export function source(folder: string, name: string): TickSource {
  const found = findSources(folder).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no source named ${name} below ${folder}`);
  return found;
}
