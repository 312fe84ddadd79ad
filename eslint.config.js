import { builtinModules } from 'node:module';
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const bareBuiltins = builtinModules.filter((name) => !name.startsWith('_') && !name.startsWith('node:'));

export default defineConfig(
  globalIgnores(['**/dist/', '**/generated/', '**/coverage/', '**/assembly/', 'data/', 'demo/', '.turbo/']),
  js.configs.recommended,
  tseslint.configs.strict,
  {
    rules: {
      'eqeqeq': 'error',
      'no-console': 'off',
      'prefer-const': 'error',
      'no-restricted-imports': ['error', {
        paths: bareBuiltins.map((name) => ({ name, message: `Write 'node:${name}'.` })),
        patterns: [
          { group: ['@deepwater/*/*', '!@deepwater/core/engine', '!@deepwater/strategy/engine', '!@deepwater/import-export/layouts', '!@deepwater/import-export/output', '!@deepwater/import-export/parquet', 'deepwater/*'], message: 'Import what a package exports, not its files.' },
          { group: ['**/src/**'], message: 'Import built files (../dist/…) or the package by its name.' },
        ],
      }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Indexing typed arrays and `noUncheckedIndexedAccess: false` leave `!` for the few places where it says something.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // Declarations of things that exist elsewhere have no uses here.
    files: ['types/**/*.d.ts'],
    rules: { '@typescript-eslint/no-unused-vars': 'off', '@typescript-eslint/no-extraneous-class': 'off' },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { Buffer: 'readonly', console: 'readonly', performance: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
);
