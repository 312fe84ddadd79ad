/** Whole recordings of real exchanges, where there are any. */
import { NO_DATA, hasSharedData } from '../../../../test/support/recordings.js';

export { linesOf as captureLines, shared as captureFile } from '../../../../test/support/recordings.js';

/** Why tests over recordings are left out; undefined where they are not. */
export const noCaptures = hasSharedData ? undefined : NO_DATA.trim();

/** The name of tests over recordings: it has the reason where they are left out. */
export const withCaptures = (name: string): string => `${name}${NO_DATA}`;
