import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const RUNNER = fileURLToPath(new URL('support/run-programs.mjs', import.meta.url));
/** Beside packages that can import `deepwater`, so that snippets can too. */
const folder = path.join(root, 'examples', '.snippets');
mkdirSync(folder, { recursive: true });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** A snippet that begins with the name of a file is a module that a later one uses. */
const MODULE = /^\/\/ ([\w-]+\.js)\n/;
const documents = ['README.md', ...(existsSync(path.join(root, 'docs')) ? readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`) : [])].filter((name) => name.endsWith('.md'));
const snippets = documents.flatMap((document) =>
  [...readFileSync(path.join(root, document), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map((match, i) => ({ document, number: i + 1, text: match[1] as string })));
const modules = snippets.filter(({ text }) => MODULE.test(text));
const programs = snippets.filter((snippet) => !modules.includes(snippet));
/** All of them in one directory, where `./data` is, as somebody would who tries one after the other. */
const cwd = mkdtempSync(path.join(folder, 'tried-'));
const fileOf = ({ document, number }: { document: string; number: number }, extension: string): string =>
  path.join(folder, `${document.replaceAll(/\W/g, '-')}-${number}.${extension}`);

describe('every program in the documents', () => {
  it.each(['once', 'and again, with what the first time left'])('runs as it stands and ends by itself: %s', async () => {
    const files = programs.map((snippet) => {
      const file = fileOf(snippet, 'mjs');
      writeFileSync(file, snippet.text);
      return file;
    });
    for (const { text } of modules) writeFileSync(path.join(folder, MODULE.exec(text)?.[1] as string), text);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [RUNNER, ...files], { cwd, timeout: 150_000, maxBuffer: 1 << 26 });
    expect(stderr, stdout).toBe('');
    expect([...stdout.matchAll(/^--- (.*)$/gm)].map(([, file]) => file)).toEqual(files);
  });

  it('is TypeScript that a strict compiler accepts', () => {
    const files = programs.map((snippet) => {
      const file = fileOf(snippet, 'mts');
      writeFileSync(file, snippet.text);
      return file;
    });
    const { options, errors } = ts.convertCompilerOptionsFromJson({
      strict: true, noEmit: true, target: 'ES2023', module: 'NodeNext', types: ['node'], skipLibCheck: true,
    }, folder);
    expect(errors).toEqual([]);
    const found = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
    expect(found.map(({ file, start, messageText }) => `${path.basename(file?.fileName ?? '')} at ${start}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)).toEqual([]);
  });
});
