/** Sources that users have written, from their files. */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeepwaterError, describeValue } from '@deepwater/core';
import { defineSource } from './define-source.js';
import type { Source } from './source.js';
import type { SourceDefinition } from './source-definition.js';

/** Whether a text is the path of a module, not the name of a source. */
export function isSourcePath(text: string): boolean {
  return /^(\.{1,2}[/\\]|\/|file:)/.test(text) || /\.[cm]?[jt]s$/.test(text);
}

/**
 * Imports a module, and gives the source that is its default export, or its export `source`: what defineSource made, or what it is to be made of.
 * @param specifier a path, seen from the working directory, or a file: URL
 * @throws DeepwaterError DW_SOURCE_UNUSABLE where it cannot be imported or has no source, DW_SOURCE_INVALID where what it has is none
 */
export async function loadSource(specifier: string): Promise<Source> {
  const file = specifier.startsWith('file:') ? fileURLToPath(specifier) : path.resolve(specifier);
  const module = await imported(file);
  const exported = module['default'] ?? module['source'];
  if (exported === undefined) throw unusable(file, 'it has no default export, and none named `source`: export what defineSource makes');
  if (isSource(exported)) return exported;
  try {
    return defineSource(exported as SourceDefinition);
  } catch (cause) {
    if (!DeepwaterError.isDeepwaterError(cause)) throw cause;
    throw new DeepwaterError(cause.code, `${file}: ${cause.message}`, { values: { ...cause.values, file }, cause });
  }
}

async function imported(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?ts$/.test(file)) throw unusable(file, 'it is TypeScript: compile it, and give the .js file');
  try {
    return await import(pathToFileURL(file).href) as Record<string, unknown>;
  } catch (cause) {
    // Its own file, or something that it imports: the message of Node names it.
    throw unusable(file, cause instanceof Error ? cause.message : describeValue(cause), cause);
  }
}

const unusable = (file: string, why: string, cause?: unknown): DeepwaterError =>
  new DeepwaterError('DW_SOURCE_UNUSABLE', `No source can be had from ${file}: ${why}.`, { values: { file }, cause });

/** Defined already, by whatever copy of this package. */
function isSource(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  const source = value as Partial<Record<keyof Source | 'run' | 'newSession' | 'endpoints', unknown>>;
  const has = typeof source.name === 'string' && typeof source.symbolOf === 'function' && Array.isArray(source.channels) && typeof source.limits === 'object' && typeof source.title === 'string';
  return has && Object.isFrozen(value) && (typeof source.run === 'function' || (typeof source.newSession === 'function' && typeof source.endpoints === 'object'));
}
