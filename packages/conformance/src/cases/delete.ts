import assert from 'node:assert/strict'
import { type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, holds, isAbsent, isThere, keysOf, putAll } from '../given.ts'

/** Removing files and directories. */
export const deleteCases: readonly ContractCase[] = section('Delete', {
  '`delete` removes a file from `stat`, `read` and `list`.': async (context) => {
    await putAll(context, ['/docs/a', '/docs/b'])
    await context.backend.delete(at('/docs/a'))
    await isAbsent(context, '/docs/a')
    await fails('not_found', context.backend.read(at('/docs/a')))
    assert.deepEqual(await keysOf(context, '/docs'), ['b'])
  },
  '`delete` of what is absent fails with `not_found`, with `recursive` too.': async (context) => {
    await putAll(context, ['/file'])
    for (const path of ['/absent', '/absent/below', '/file/below']) {
      await fails('not_found', context.backend.delete(at(path)))
      await fails('not_found', context.backend.delete(at(path), { recursive: true }))
    }
  },
  '`delete` with `force` of what is absent succeeds.': async (context) => {
    await putAll(context, ['/file'])
    for (const path of ['/absent', '/absent/below', '/file/below']) {
      await context.backend.delete(at(path), { force: true })
      await context.backend.delete(at(path), { force: true, recursive: true })
    }
    await holds(context, '/file', '/file')
  },
  '`delete` of a directory with something in it fails with `not_empty` unless `recursive`, with `force` too.': async (context) => {
    await putAll(context, ['/docs/sub/a'])
    await fails('not_empty', context.backend.delete(at('/docs')))
    await fails('not_empty', context.backend.delete(at('/docs'), { force: true }))
    await fails('not_empty', context.backend.delete(at('/docs/sub')))
    await holds(context, '/docs/sub/a', '/docs/sub/a')
  },
  '`delete` with `recursive` removes a directory and all below it.': async (context) => {
    await putAll(context, ['/docs/a', '/docs/sub/b', '/docs/sub/deep/c', '/kept'])
    await context.backend.delete(at('/docs'), { recursive: true })
    await isAbsent(context, '/docs')
    await isAbsent(context, '/docs/sub/deep/c')
    assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['kept'])
  },
  '`delete` with `recursive` removes a file as well.': async (context) => {
    await putAll(context, ['/a', '/b'])
    await context.backend.delete(at('/a'), { recursive: true })
    assert.deepEqual(await keysOf(context, '/'), ['b'])
  },
  '`delete` removes an empty directory.': async (context) => {
    const { backend, capabilities } = context
    await putAll(context, ['/docs/sub/a', '/docs/b'])
    await backend.delete(at('/docs/sub/a'))
    if (capabilities.emptyDirectories) await backend.delete(at('/docs/sub'))
    await isAbsent(context, '/docs/sub')
    assert.deepEqual(await keysOf(context, '/docs'), ['b'])
  },
  'A directory stays when its last entry goes if `emptyDirectories` says so, and goes with it if not.': async (context) => {
    await putAll(context, ['/docs/sub/a'])
    await context.backend.delete(at('/docs/sub/a'))
    assert.equal(await isThere(context, '/docs/sub'), context.capabilities.emptyDirectories)
    assert.equal(await isThere(context, '/docs'), context.capabilities.emptyDirectories)
  },
  '`delete` touches no neighbour whose name begins alike.': async (context) => {
    await putAll(context, ['/doc/x', '/docs', '/doc.txt', '/doc-x/y', '/doc0'])
    await context.backend.delete(at('/doc'), { recursive: true })
    assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['doc-x/', 'doc-x/y', 'doc.txt', 'doc0', 'docs'])
  },
  'The root cannot be deleted: `invalid_argument`, or `busy` where it is a mount point.': async (context) => {
    await putAll(context, ['/file'])
    await fails(['invalid_argument', 'busy'], context.backend.delete(at('/'), { recursive: true, force: true }))
    await holds(context, '/file', '/file')
  },
  'What was deleted can be written again, as file or as directory.': async (context) => {
    await putAll(context, ['/name'])
    await context.backend.delete(at('/name'))
    await putAll(context, ['/name/below'])
    await context.backend.delete(at('/name'), { recursive: true })
    await putAll(context, ['/name'])
    await holds(context, '/name', '/name')
  },
})
