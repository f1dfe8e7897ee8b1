import assert from 'node:assert/strict'
import type { Backend, FileVersion } from '@nexus/core/contract'
import { type CaseContext, type ContractCase, section, skip } from '../case.ts'
import { declared, fails, optional, undeclared } from '../expect.ts'
import { at, bytesOf, collect, firstOf, holds, put, putAll } from '../given.ts'

/** Runs the check where versions are declared; elsewhere the member and the option must be refused. */
async function where(
  context: CaseContext,
  check: (versions: (path: string) => Promise<FileVersion[]>) => Promise<unknown>,
): Promise<unknown> {
  if (context.capabilities.versions) {
    const versions = declared(context, 'versions')
    return check((path) => collect(versions(at(path))))
  }
  await put(context, '/file', 'content')
  await undeclared(context, 'versions', (versions) => firstOf(versions(at('/file'))))
  await fails('unsupported', context.backend.read(at('/file'), { version: 'any' }))
  return fails('unsupported', context.backend.stat(at('/file'), { version: 'any' }))
}

/** The same, where a rename is one step. */
function whereRenamed(
  context: CaseContext,
  check: (versions: (path: string) => Promise<FileVersion[]>, rename: NonNullable<Backend['rename']>) => Promise<unknown>,
): Promise<unknown> {
  return where(context, async (versions) => {
    const rename = optional(context, 'rename')
    if (context.capabilities.rename !== 'atomic' || rename === undefined) return skip('The backend does not rename in one step.')
    return check(versions, rename)
  })
}

async function contentsOf(context: CaseContext, versions: readonly FileVersion[]): Promise<string[]> {
  const texts: string[] = []
  for (const { path, version } of versions) texts.push(new TextDecoder().decode(await bytesOf(context, path, { version })))
  return texts
}

/** Kept states of files. */
export const versionCases: readonly ContractCase[] = section('Versions', {
  '`versions` gives the kept states of a file, newest first, each readable by its version.': (context) =>
    where(context, async (versions) => {
      for (const content of ['one', 'two!', 'three']) await put(context, '/docs/file', content)
      const kept = await versions('/docs/file')
      assert.deepEqual(await contentsOf(context, kept), ['three', 'two!', 'one'])
      assert.deepEqual(
        kept.map(({ sizeBytes, path }) => [sizeBytes, path]),
        [
          [5, '/docs/file'],
          [4, '/docs/file'],
          [3, '/docs/file'],
        ],
      )
      assert.equal(new Set(kept.map(({ version }) => version)).size, 3)
    }),
  'The version that `read` gives now is marked `current`, and no other.': (context) =>
    where(context, async (versions) => {
      await put(context, '/file', 'old')
      const { version, etag } = await put(context, '/file', 'new')
      const [newest, oldest] = await versions('/file')
      assert.deepEqual([newest?.version, newest?.etag, newest?.current, oldest?.current], [version, etag, true, false])
    }),
  '`stat` and `read` with `version` tell of that state, metadata included.': (context) =>
    where(context, async () => {
      const options = context.capabilities.metadata ? { metadata: { colour: 'red' } } : {}
      const old = await put(context, '/file', 'old', options)
      await put(context, '/file', 'newer')
      const stat = await context.backend.stat(at('/file'), { version: old.version })
      for (const field of ['path', 'sizeBytes', 'etag', 'digest', 'version', 'metadata'] as const)
        assert.deepEqual(stat[field], old[field], `${field} differs`)
      await holds(context, '/file', 'old', { version: old.version })
    }),
  '`versions` of a name that has none fails with `not_found`, and so does an unknown `version`.': (context) =>
    where(context, async (versions) => {
      await putAll(context, ['/file', '/other'])
      const { version } = await context.backend.stat(at('/other'))
      await fails('not_found', versions('/absent'))
      for (const unknownVersion of [version, 'no such version']) {
        await fails('not_found', context.backend.read(at('/file'), { version: unknownVersion }))
        await fails('not_found', context.backend.stat(at('/file'), { version: unknownVersion }))
      }
    }),
  '`versions` of a directory fails with `is_directory`, also where a file had its name before.': (context) =>
    where(context, async (versions) => {
      await putAll(context, ['/docs/file', '/name'])
      await fails('is_directory', versions('/docs'))
      await context.backend.delete(at('/name'))
      await putAll(context, ['/name/file'])
      await fails('is_directory', versions('/name'))
    }),
  'Versions outlive the file: after `delete` they are listed, none of them current, and can be read.': (context) =>
    where(context, async (versions) => {
      await put(context, '/file', 'old')
      const { version } = await put(context, '/file', 'new')
      await context.backend.delete(at('/file'))
      const kept = await versions('/file')
      assert.deepEqual(await contentsOf(context, kept), ['new', 'old'])
      assert.ok(kept.every(({ current }) => !current))
      assert.equal((await context.backend.stat(at('/file'), { version })).sizeBytes, 3)
      await put(context, '/folder/file', 'old')
      await put(context, '/folder/file', 'new')
      await context.backend.delete(at('/folder'), { recursive: true })
      const below = await versions('/folder/file')
      assert.deepEqual(below.map(({ sizeBytes, current }) => [sizeBytes, current]), [[3, false], [3, false]])
    }),
  'A name that is written again keeps the versions from before its deletion.': (context) =>
    where(context, async (versions) => {
      await put(context, '/file', 'before')
      await context.backend.delete(at('/file'))
      await put(context, '/file', 'after')
      assert.deepEqual(await contentsOf(context, await versions('/file')), ['after', 'before'])
    }),
  'So does a name in a directory that was deleted and made again.': (context) =>
    where(context, async (versions) => {
      await put(context, '/folder/sub/file', 'before')
      await context.backend.delete(at('/folder'), { recursive: true })
      await put(context, '/folder/sub/other', 'beside')
      assert.deepEqual((await versions('/folder/sub/file')).map(({ sizeBytes, current }) => [sizeBytes, current]), [[6, false]])
      await put(context, '/folder/sub/file', 'after')
      assert.deepEqual(await contentsOf(context, await versions('/folder/sub/file')), ['after', 'before'])
    }),
  '`rename` takes the versions of a file along.': (context) =>
    whereRenamed(context, async (versions, rename) => {
      await put(context, '/from', 'old')
      await put(context, '/from', 'new')
      await rename(at('/from'), at('/to'))
      const contents = await contentsOf(context, await versions('/to'))
      assert.deepEqual([contents[0], contents.at(-1)], ['new', 'old'])
    }),
  'What `rename` replaced leaves its versions with the name, also when the file moves on.': (context) =>
    whereRenamed(context, async (versions, rename) => {
      await put(context, '/from', 'new')
      await put(context, '/to', 'replaced')
      await rename(at('/from'), at('/to'))
      assert.deepEqual(await contentsOf(context, await versions('/to')), ['new', 'replaced'])
      await rename(at('/to'), at('/on'))
      assert.deepEqual(await contentsOf(context, await versions('/on')), ['new'])
      const left = await versions('/to')
      assert.deepEqual(await contentsOf(context, left), ['replaced'])
      assert.deepEqual(left.map(({ current }) => current), [false])
    }),
  'The versions of what was deleted in a directory move with the directory.': (context) =>
    whereRenamed(context, async (versions, rename) => {
      await putAll(context, ['/folder/file', '/folder/other'])
      await context.backend.delete(at('/folder/file'))
      await rename(at('/folder'), at('/moved'))
      assert.equal((await versions('/moved/file')).length, 1)
      await fails('not_found', versions('/folder/file'))
    }),
  '`copy` begins a history of its own.': (context) =>
    where(context, async (versions) => {
      const copy = optional(context, 'copy')
      if (context.capabilities.copy !== 'server' || copy === undefined) return skip('The backend does not copy by itself.')
      await put(context, '/from', 'old')
      await put(context, '/from', 'new')
      await copy(at('/from'), at('/to'))
      assert.deepEqual(await contentsOf(context, await versions('/to')), ['new'])
      return undefined
    }),
})
