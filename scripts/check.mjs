// Type checking and ESLint over the whole repository in one process: both look at the same program, so it is loaded, and its types are
// found, once. Part of npm test; the packages have to be built.
//
// Exit code: 2 where types are wrong, 4 where ESLint finds something, 6 for both.
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { root } from './lib/workspace.mjs';

/** It runs beside the tests and takes what they leave of the processors. */
setPriority(10);

const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.check.json'), {}, {
  ...ts.sys, onUnRecoverableConfigFileDiagnostic: (error) => { throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n')); },
});
// ESLint's parser goes up the tree, too.
const program = ts.createProgram(fileNames, options, ts.createCompilerHost(options, true));
const wrong = [...errors, ...ts.getPreEmitDiagnostics(program)];
if (wrong.length > 0) {
  console.error(ts.formatDiagnostics(wrong, { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' }));
}

const eslint = new ESLint({
  cwd: root,
  overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parserOptions: { project: null, programs: [program] } } }],
});
const results = await eslint.lintFiles(['.']);
const found = results.filter(({ errorCount, warningCount }) => errorCount + warningCount > 0);
if (found.length > 0) console.error(await (await eslint.loadFormatter('stylish')).format(found));
process.exitCode = (wrong.length > 0 ? 2 : 0) + (found.length > 0 ? 4 : 0);
