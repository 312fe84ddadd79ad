import type { Platform } from 'deepwater';

export type Written = Record<'everything' | 'book' | 'ticks' | 'live', unknown[][]>;
export const VERSIONS: readonly string[];
export const FEEDS: readonly ['everything', 'book', 'ticks'];
export function writtenBy(version: string): Written;
export function filesBelow(directory: string): string[];
export function unpackStore(version: string, directory: string, sameBoot: boolean): string;
export function recordsIn(platform: Platform): Promise<Omit<Written, 'live'>>;
