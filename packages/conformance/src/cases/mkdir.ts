import assert from 'node:assert/strict'
import type { MkdirOptions } from '@nexus/core/contract'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, holds, isAbsent, keysOf, putAll } from '../given.ts'

/** Runs the check where empty directories are declared; elsewhere `mkdir` must be refused. */
async function where(
  { backend, capabilities }: CaseContext,
  check: (mkdir: (path: string, options?: MkdirOptions) => Promise<void>) => Promise<unknown>,
): Promise<unknown> {
  if (!capabilities.emptyDirectories) return fails('unsupported', backend.mkdir(at('/new')))
  return check((path, options) => backend.mkdir(at(path), options))
}

/** Making directories. */
export const mkdirCases: readonly ContractCase[] = section('Directories', {
  '`mkdir` makes an empty directory; where `emptyDirectories` is undeclared it fails with `unsupported`.': (context) =>
    where(context, async (mkdir) => {
      await mkdir('/new')
      assert.equal((await context.backend.stat(at('/new'))).kind, 'directory')
      await mkdir('/new/sub')
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['new/', 'new/sub/'])
    }),
  '`mkdir` where something is fails with `already_exists`.': (context) =>
    where(context, async (mkdir) => {
      await putAll(context, ['/docs/file'])
      await fails('already_exists', mkdir('/docs'))
      await fails('already_exists', mkdir('/docs/file'))
      await fails('already_exists', mkdir('/'))
      await holds(context, '/docs/file', '/docs/file')
    }),
  '`mkdir` without its parent fails with `not_found`.': (context) =>
    where(context, async (mkdir) => {
      await fails('not_found', mkdir('/absent/new'))
      await isAbsent(context, '/absent')
    }),
  '`mkdir` below a file fails with `not_directory`, with `recursive` too.': (context) =>
    where(context, async (mkdir) => {
      await putAll(context, ['/file'])
      await fails('not_directory', mkdir('/file/new'))
      await fails('not_directory', mkdir('/file/new', { recursive: true }))
      await fails('not_directory', mkdir('/file/deep/new', { recursive: true }))
      await holds(context, '/file', '/file')
    }),
  '`mkdir` with `recursive` makes missing parents, and an existing directory is success.': (context) =>
    where(context, async (mkdir) => {
      await mkdir('/a/b/c', { recursive: true })
      await putAll(context, ['/a/b/c/file'])
      await mkdir('/a/b/c', { recursive: true })
      await mkdir('/a/b', { recursive: true })
      await mkdir('/', { recursive: true })
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['a/', 'a/b/', 'a/b/c/', 'a/b/c/file'])
    }),
  '`mkdir` with `recursive` where a file is fails with `already_exists`.': (context) =>
    where(context, async (mkdir) => {
      await putAll(context, ['/file'])
      await fails('already_exists', mkdir('/file', { recursive: true }))
      await holds(context, '/file', '/file')
    }),
  'Parents that a write made are directories like others.': async (context) => {
    await putAll(context, ['/a/b/file'])
    assert.equal((await context.backend.stat(at('/a/b'))).kind, 'directory')
    assert.deepEqual(await keysOf(context, '/a'), ['b/'])
    if (context.capabilities.emptyDirectories) await fails('already_exists', context.backend.mkdir(at('/a/b')))
  },
})
