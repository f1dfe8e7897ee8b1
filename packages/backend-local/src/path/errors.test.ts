import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NexusError } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { at, bytes, failure, openTree } from '../../test/tree-fixture.ts'
import { errnoOf, toNexusError } from './errors.ts'

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed, open 'x'`), { code, syscall: 'open', errno: -1 })
}

describe('toNexusError', () => {
  it.each([
    ['ENOENT', 'not_found'], ['EISDIR', 'is_directory'], ['ENOTDIR', 'not_directory'], ['EACCES', 'permission_denied'], ['EPERM', 'permission_denied'],
    ['ENOSPC', 'no_space'], ['EDQUOT', 'no_space'], ['EROFS', 'read_only'], ['EMFILE', 'busy'], ['ENFILE', 'busy'], ['EIO', 'unavailable'],
    ['ENAMETOOLONG', 'invalid_path'], ['ELOOP', 'unsupported'], ['EXDEV', 'unsupported'], ['ENOTEMPTY', 'not_empty'], ['EWHATEVER', 'unexpected'],
  ])('%s is %s', (code, expected) => {
    const cause = systemError(code)
    expect(toNexusError(cause, { op: 'read', path: '/a' })).toMatchObject({ code: expected, op: 'read', path: '/a', backend: 'local', cause })
  })

  it('fills in the place of what was refused before', () => {
    const refused = new NexusError('invalid_argument', { path: '/to', reason: 'Because.' })
    expect(toNexusError(refused, { op: 'rename', path: '/from' })).toMatchObject({ code: 'invalid_argument', op: 'rename', path: '/to', reason: 'Because.' })
  })

  it('takes no code for an errno that no system call gave', () => {
    expect(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBeUndefined()
  })
})

it('a name that the filesystem cannot hold is an invalid path', async () => {
  const { backend } = await openTree()
  // 255 bytes are allowed by the path; together with the directories the system call allows 4,095.
  const path = at(`/${Array.from({ length: 15 }, () => 'd'.repeat(255)).join('/')}`)
  await backend.mkdir(path, { recursive: true })
  await backend.write(at(`${path}/${'f'.repeat(200)}`), bytes('x'))
  expect((await backend.stat(at(`${path}/${'f'.repeat(200)}`))).sizeBytes).toBe(1)
})

it('a file in the way is named', async () => {
  const { directory, backend } = await openTree()
  mkdirSync(join(directory, 'docs'))
  writeFileSync(join(directory, 'docs/file'), '')
  expect((await failure('not_directory', backend.write(at('/docs/file/deep/new'), bytes('x')))).message).toContain('write /docs/file/deep/new: "file" is a file')
})
