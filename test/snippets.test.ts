import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Beside packages that can import `deepwater`, so that snippets can too. */
const folder = path.join(root, 'examples', '.snippets');
mkdirSync(folder, { recursive: true });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const MODULE = /^\/\/ ([\w-]+\.js)\n/;
const documents = ['README.md', ...(existsSync(path.join(root, 'docs')) ? readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`) : [])].filter((name) => name.endsWith('.md'));

describe('every TypeScript snippet of the documents', () => {
  for (const document of documents) {
    const snippets = [...readFileSync(path.join(root, document), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);
    // One that begins with the name of a file is a module that a later one uses.
    const modules = snippets.filter((snippet) => MODULE.test(snippet));
    snippets.forEach((snippet, i) => {
      if (modules.includes(snippet)) return;
      it(`runs: ${document}, number ${i + 1}`, async () => {
        const { outputText, diagnostics } = ts.transpileModule(snippet, {
          reportDiagnostics: true,
          compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
        });
        expect(diagnostics).toEqual([]);
        const file = path.join(folder, `${document.replaceAll(/\W/g, '-')}-${i + 1}.mjs`);
        writeFileSync(file, outputText);
        for (const module of modules) writeFileSync(path.join(folder, MODULE.exec(module)![1]!), module);
        const cwd = mkdtempSync(path.join(folder, 'store-')); // './data' is in here
        const { stderr } = await promisify(execFile)(process.execPath, [file], { cwd });
        expect(stderr).toBe('');
      });
    });
  }
});
