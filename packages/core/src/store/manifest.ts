/**
 * The manifest: what makes a directory a store, and which store it is.
 *
 * The store's id is part of the names of its rings in shared memory. A directory that was copied would share them with
 * its original, so the manifest also holds the directory's own device and inode; where these differ, it is a copy.
 */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DeepwaterError, clipText, describeValue } from '../errors/index.js';
import { type Access, call, readSmallFile, replaceFile } from '../mapping/files.js';
import { system } from '../mapping/system.js';
import { checkOnlyOurs, invalid, readOnlyError, resolveBasePath, saysReadOnly } from './base-path.js';
import { feedDirectories } from './feed-file.js';
import { STORE_FILES } from './feed-paths.js';
import { sealHolds, sealedJson } from './sealed-json.js';
import { withStoreLock } from './store-lock.js';

/** The format of stores that this version reads and writes. 1 had no segments, and meant several things in its chunks. */
export const STORE_FORMAT = 2;
const PRODUCT = 'deepwater';
const MANIFEST_BYTES_MAX = 64 * 1024;

export interface Manifest {
  readonly format: typeof STORE_FORMAT;
  readonly product: typeof PRODUCT;
  /** The version of Deepwater that wrote this. */
  readonly writtenBy: string;
  /** 32 hex digits. */
  readonly storeId: string;
  /** Device and inode of the base directory, in decimal. */
  readonly device: string;
  readonly inode: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly access: Access;
  /** Where rings go; shared memory when left out. */
  readonly ringDir?: string;
}

export interface ManifestOptions {
  /** Write nothing, make nothing. */
  readonly readOnly?: boolean;
  /** Who may read; fixed when the store is made. Default `owner`. */
  readonly access?: Access;
  readonly ringDir?: string;
}

export interface OpenedManifest {
  /** The base path, absolute and without links. */
  readonly basePath: string;
  readonly manifest: Manifest;
  /** Whether the store was there, was made, or turned out to be a copy and has a new id. */
  readonly origin: 'found' | 'created' | 'copied';
}

/**
 * Opens the manifest of a store; makes the directory and the manifest where there are none. Processes that do so at
 * once end with the same id. Opened only for reading, a copy gets an id that no ring has, and nothing is written.
 *
 * @throws DeepwaterError DW_BASE_PATH_INVALID, DW_BASE_PATH_READ_ONLY, DW_FORMAT_VERSION, DW_FILE_CORRUPT (also for feeds without a manifest), DW_DISK_FULL,
 * DW_OPTION_INVALID (another `access` than the store has)
 */
export async function openManifest(given: string, options: ManifestOptions = {}): Promise<OpenedManifest> {
  const { readOnly = false, access, ringDir } = options;
  const basePath = resolveBasePath(given, readOnly, access ?? 'owner');
  const found = readManifest(basePath);
  if (readOnly) {
    if (found === undefined) throw noManifest(basePath);
    if (isHome(found, basePath)) return { basePath, manifest: found, origin: 'found' };
    return { basePath, manifest: { ...found, ...placeOf(basePath), storeId: idOfCopy(found, basePath) }, origin: 'copied' };
  }
  if (found !== undefined) checkAccess(found, access, basePath);
  if (found !== undefined && isHome(found, basePath) && (ringDir ?? found.ringDir) === found.ringDir) {
    return { basePath, manifest: found, origin: 'found' };
  }
  if (found === undefined) checkOnlyOurs(basePath);
  try {
    return await withStoreLock(basePath, found?.access ?? access ?? 'owner', () => settleManifest(basePath, options));
  } catch (error) {
    throw saysReadOnly(error) ? readOnlyError(basePath, error) : error;
  }
}

/** Writes the manifest that is missing or no longer true. Another process may have done so while we waited. */
function settleManifest(basePath: string, { access, ringDir }: ManifestOptions): OpenedManifest {
  const found = readManifest(basePath);
  if (found !== undefined) checkAccess(found, access, basePath);
  const home = found !== undefined && isHome(found, basePath);
  const origin = home ? 'found' : found === undefined ? 'created' : 'copied';
  // A new id would hide what killed writers left in the rings of the old one.
  if (found === undefined && feedDirectories(basePath).length > 0) throw noManifest(basePath);
  const rings = ringDir ?? found?.ringDir;
  if (home && rings === found.ringDir) return { basePath, manifest: found, origin };
  const manifest: Manifest = {
    format: STORE_FORMAT,
    product: PRODUCT,
    writtenBy: ownVersion(),
    storeId: home ? found.storeId : randomBytes(16).toString('hex'),
    ...placeOf(basePath),
    createdAt: found?.createdAt ?? new Date().toISOString(),
    access: found?.access ?? access ?? 'owner',
    ...(rings === undefined ? {} : { ringDir: rings }),
  };
  replaceFile(manifestPath(basePath), sealedJson({ ...manifest }), manifest.access);
  return { basePath, manifest, origin };
}

/** The version of this package, as its package.json says. */
export function ownVersion(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A store that may be of an earlier format, for who brings it up to date. */
export interface FoundStore {
  /** The base path, absolute and without links. */
  readonly basePath: string;
  readonly format: number;
  readonly manifest: Omit<Manifest, 'format'>;
  /** It lies where its manifest was written; a copy has nothing to do with rings of that name. */
  readonly home: boolean;
}

/**
 * Looks at a store of this format or an earlier one. Nothing is made and nothing is changed.
 * @throws DeepwaterError DW_BASE_PATH_INVALID where there is none, DW_FORMAT_VERSION for a newer one, DW_FILE_CORRUPT
 */
export function findStore(given: string): FoundStore {
  const basePath = resolveBasePath(given, true, 'owner');
  const file = manifestPath(basePath);
  const text = readSmallFile(file, MANIFEST_BYTES_MAX);
  if (text === undefined) throw noManifest(basePath);
  const { format: _as, ...manifest } = parseManifest(text, file, (format) => format >= 1 && format <= STORE_FORMAT);
  return { basePath, format: (JSON.parse(text) as { format: number }).format, manifest, home: isHome(manifest, basePath) };
}

/** Says that a store has this version's format from now on; all else about it stays. The last step of bringing one up to date. */
export function raiseStoreFormat({ basePath, manifest }: FoundStore): void {
  const raised: Manifest = { format: STORE_FORMAT, ...manifest, writtenBy: ownVersion() };
  replaceFile(manifestPath(basePath), sealedJson({ ...raised }), manifest.access);
}

/** Puts a manifest in the place of one that is lost or damaged; nothing is said of what stood there. Under the store's lock. */
export function remakeManifest(basePath: string, { storeId, access, createdAt, ringDir }: Pick<Manifest, 'storeId' | 'access' | 'createdAt' | 'ringDir'>): void {
  const manifest: Manifest = {
    format: STORE_FORMAT, product: PRODUCT, writtenBy: ownVersion(), storeId, ...placeOf(basePath), createdAt, access, ...(ringDir === undefined ? {} : { ringDir }),
  };
  replaceFile(manifestPath(basePath), sealedJson({ ...manifest }), access);
}

function manifestPath(basePath: string): string {
  return path.join(basePath, STORE_FILES.MANIFEST);
}

function readManifest(basePath: string): Manifest | undefined {
  const file = manifestPath(basePath);
  const text = readSmallFile(file, MANIFEST_BYTES_MAX);
  return text === undefined ? undefined : parseManifest(text, file);
}

function parseManifest(text: string, file: string, known: (format: number) => boolean = (format) => format === STORE_FORMAT): Manifest {
  let parsed: Partial<Record<keyof Manifest, unknown>>;
  try {
    parsed = Object(JSON.parse(text)) as typeof parsed;
  } catch (cause) {
    throw corrupt(file, 'it is not JSON', cause);
  }
  const { product, format, storeId, device, inode, createdAt, access, ringDir, writtenBy } = parsed;
  if (product !== PRODUCT) {
    throw invalid(path.dirname(file), `its ${STORE_FILES.MANIFEST} is not one of Deepwater's`, 'Give another directory.');
  }
  // Before anything else: another format may mean anything by the other keys.
  if (!Number.isInteger(format)) throw corrupt(file, `its format is ${describeValue(format)}`);
  if (!known(format as number)) throw versionError(file, format as number, writtenBy);
  // Another store id, device or inode is that of another store, and what killed writers left in shared memory would not be found.
  if (!sealHolds(parsed as Record<string, unknown>)) throw corrupt(file, 'its checksum does not hold');
  const decimal = (value: unknown): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value);
  const wrong =
    typeof storeId !== 'string' || !/^[0-9a-f]{32}$/.test(storeId) ? 'storeId'
    : !decimal(device) ? 'device'
    : !decimal(inode) ? 'inode'
    : typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt)) ? 'createdAt'
    : access !== 'owner' && access !== 'group' ? 'access'
    : ringDir !== undefined && (typeof ringDir !== 'string' || !path.isAbsolute(ringDir) || ringDir.includes('\0')) ? 'ringDir'
    : undefined;
  if (wrong !== undefined) throw corrupt(file, `its ${wrong} is ${describeValue(parsed[wrong as keyof Manifest])}`);
  return {
    format: STORE_FORMAT,
    product: PRODUCT,
    writtenBy: typeof writtenBy === 'string' ? clipText(writtenBy, 32) : 'unknown',
    storeId, device, inode, createdAt, access, ...(ringDir === undefined ? {} : { ringDir }),
  } as Manifest;
}

function versionError(file: string, format: number, writtenBy: unknown): DeepwaterError {
  const newer = format > STORE_FORMAT;
  const writer = typeof writtenBy === 'string' ? `, written by Deepwater ${clipText(writtenBy, 32)}` : '';
  return new DeepwaterError(
    'DW_FORMAT_VERSION',
    `The store at ${path.dirname(file)} has format ${format}${writer}; Deepwater ${ownVersion()} reads format ${STORE_FORMAT}. ` +
      (newer
        ? 'Use that newer Deepwater, or open another base path.'
        : 'Upgrade the store with `deepwater migrate`, or use the older Deepwater that wrote it.'),
    { values: { path: file, format, supported: STORE_FORMAT, version: ownVersion(), ...(typeof writtenBy === 'string' ? { writtenBy: clipText(writtenBy, 32) } : {}) } },
  );
}

function corrupt(file: string, why: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError(
    'DW_FILE_CORRUPT',
    `The manifest ${file} cannot be used: ${why}. Run \`deepwater repair --all\`, which makes it again, with the store id that rings of killed writers have; or put it back from a backup.`,
    { values: { path: file, reason: why }, cause },
  );
}

/** There is none: of a store that has lost it, or of no store. */
function noManifest(basePath: string): DeepwaterError {
  if (feedDirectories(basePath).length > 0) return corrupt(manifestPath(basePath), 'it is missing, and there are feeds');
  return invalid(basePath, `it has no ${STORE_FILES.MANIFEST}`, 'Check that it is the base path of a store.');
}

function checkAccess(manifest: Manifest, wanted: Access | undefined, basePath: string): void {
  if (wanted === undefined || wanted === manifest.access) return;
  throw new DeepwaterError(
    'DW_OPTION_INVALID',
    `The store at ${basePath} was made with access '${manifest.access}' and cannot be opened with '${wanted}'. Leave the option out, or copy the data into a new store.`,
    { values: { option: 'access', given: wanted, store: manifest.access } },
  );
}

/** Whether the directory is the one that the manifest was written in. */
function isHome(manifest: Pick<Manifest, 'device' | 'inode'>, basePath: string): boolean {
  const { device, inode } = placeOf(basePath);
  return manifest.device === device && manifest.inode === inode;
}

function placeOf(basePath: string): { device: string; inode: string } {
  const stat = call(basePath, () => system.files.stat(basePath));
  if (stat === undefined) throw invalid(basePath, 'it does not exist', 'Check the path.');
  return { device: String(stat.device), inode: String(stat.inode) };
}

/** An id for a copy that may not be written to: always the same for the same copy, and of no ring. */
function idOfCopy(manifest: Manifest, basePath: string): string {
  const { device, inode } = placeOf(basePath);
  return createHash('sha256').update(`${manifest.storeId}/${device}/${inode}`).digest('hex').slice(0, 32);
}
