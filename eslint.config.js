import { importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

/** Arrows point one way: apps -> doors, connectors, backends -> core. Two backends never import each other. */
const zones = [
  { target: './packages/*/src', from: './apps', message: 'Packages never import apps.' },
  { target: './packages/core', from: './packages/!(core)/**', message: 'Core imports no other package of ours.' },
  { target: './packages/backend-local', from: './packages/backend-!(local)/**', message: 'Backends never import each other.' },
  { target: './packages/backend-s3', from: './packages/backend-!(s3)/**', message: 'Backends never import each other.' },
  { target: './packages/backend-gcs', from: './packages/backend-!(gcs)/**', message: 'Backends never import each other.' },
  { target: './packages/object-storage', from: './packages/backend-*/**', message: 'What backends share imports none of them.' },
  { target: './packages/backend-memory', from: './packages/backend-!(memory)/**', message: 'Backends never import each other.' }
]

/** A backend sees the contract of core and nothing else of ours. */
const contractOnly = { paths: [{ name: '@nexus/core', message: 'Backends import @nexus/core/contract.' }] }

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.mjs', '**/*.config.ts', 'eslint.config.js', '**/.turbo/**', 'tsup.preset.ts', 'coverage/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-x': importX },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }]
    }
  },
  {
    files: ['packages/{backend-*,object-storage}/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', contractOnly] }
  },
  {
    files: ['packages/core/src/contract/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group: ['node:*'], message: 'The contract runs anywhere.' }] }] }
  },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
  }
)
