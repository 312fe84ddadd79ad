import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The repository's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const NOT_OURS = new Set(['node_modules', 'dist', 'generated', 'coverage', '.git', '.turbo']);
const TEXT_EXTENSIONS = new Set(['.ts', '.tsx', '.mts', '.js', '.mjs', '.json', '.md', '.yaml', '.yml', '.html', '.css', '.sh', '']);

/** A file of the repository, with its path from the root in POSIX form. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every text file that people write: no packages, build products, data captures or lockfile. Needs no git. */
export function textFiles(): SourceFile[] {
  const files: SourceFile[] = [];
  collect(root, files);
  return files;
}

function collect(folder: string, into: SourceFile[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(root, path).split(sep).join('/');
    if (entry.isDirectory()) {
      if (!NOT_OURS.has(entry.name) && name !== 'data') collect(path, into);
    } else if (entry.isFile() && TEXT_EXTENSIONS.has(extname(entry.name)) && name !== 'pnpm-lock.yaml') {
      into.push({ path: name, text: readFileSync(path, 'utf8') });
    }
  }
}

/** What a module imports or re-exports, statically or by import(), as written. */
export function importsOf(file: SourceFile): string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map((imported) => imported.fileName);
}

/** The package part of a specifier: `@scope/name` or `name`; undefined for relative paths and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** A package of this workspace. */
export interface WorkspacePackage {
  readonly name: string;
  /** From the root, in POSIX form. */
  readonly folder: string;
  readonly dependencies: readonly string[];
}

/** All packages of the workspace, as their package.json files say. */
export function workspacePackages(): WorkspacePackage[] {
  const folders = ['packages', 'apps'].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`));
  return [...folders, 'bench', 'examples']
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string; dependencies?: Record<string, string>; peerDependencies?: Record<string, string> };
      return { name: manifest.name, folder, dependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }) };
    });
}

/** Names exported by a built package's `dist/index.d.ts`: those that exist at run time, and those that are only types. */
export function declaredExports(folder: string): { values: string[]; types: string[] } {
  const entry = join(root, folder, 'dist', 'index.d.ts');
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, noLib: true, types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!);
  const values: string[] = [];
  const types: string[] = [];
  for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
    (isValue(symbol, checker) ? values : types).push(symbol.name);
  }
  return { values: values.sort(), types: types.sort() };
}

/** Whether an export exists at run time. `export type { SomeClass }` names a class and yet exports a type. */
function isValue(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  let current = symbol;
  while (current.flags & ts.SymbolFlags.Alias) {
    if (current.declarations?.some((declaration) => ts.isTypeOnlyExportDeclaration(declaration) || ts.isTypeOnlyImportDeclaration(declaration))) return false;
    const next = checker.getImmediateAliasedSymbol(current);
    if (next === undefined) break;
    current = next;
  }
  return (current.flags & ts.SymbolFlags.Value) !== 0;
}
