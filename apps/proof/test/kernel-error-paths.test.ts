import { localBackend } from '@nexus/backend-local'
import { openMemory } from '@nexus/backend-memory'
import { type Backend, isNexusError, mount, type SlimNexusFS } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openBare } from './broken/bare.ts'
import { temporaryRoot } from './repository-kit.ts'

type Call = (fs: SlimNexusFS, path: string) => Promise<unknown>

const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const item of items) if (item === undefined) return
}

/** Every verb that takes a path, once, on a path where most fail. */
const calls: Readonly<Record<string, Call>> = {
  read: (fs, path) => fs.read(path),
  readText: (fs, path) => fs.readText(path),
  open: (fs, path) => fs.open(path),
  'read an old version': (fs, path) => fs.read(path, { version: '1' }),
  'read a snapshot': (fs, path) => fs.read(path, { snapshot: 'none' }),
  write: (fs, path) => fs.write(path, 'x', { ifMatch: 'another' }),
  append: (fs, path) => fs.append(path, 'x', { ifMatch: 'another' }),
  edit: (fs, path) => fs.edit(path, [{ oldText: 'a', newText: 'b' }]),
  stat: (fs, path) => fs.stat(path),
  list: (fs, path) => drain(fs.list(path)),
  'list a snapshot': (fs, path) => drain(fs.list(path, { snapshot: 'none' })),
  mkdir: (fs, path) => fs.mkdir(path),
  delete: (fs, path) => fs.delete(path),
  rename: (fs, path) => fs.rename(path, path),
  copy: (fs, path) => fs.copy(path, path),
  copyTree: (fs, path) => fs.copyTree(path, path),
  batch: (fs, path) => fs.batch([{ op: 'delete', path }]),
  versions: (fs, path) => drain(fs.versions(path)),
  restore: (fs, path) => fs.restore(path, '1'),
  snapshot: (fs, path) => fs.snapshot(path, 'name'),
  snapshots: (fs, path) => drain(fs.snapshots(path)),
  deleteSnapshot: (fs, path) => fs.deleteSnapshot(path, 'name'),
  setMetadata: (fs, path) => fs.setMetadata(path, { key: 'value' }),
  getMetadata: (fs, path) => fs.getMetadata(path),
  grep: (fs, path) => drain(fs.grep('x', { path })),
  watch: (fs, path) => drain(fs.watch(path, { since: 'nonsense' })),
  presign: (fs, path) => fs.presign(path, { method: 'GET', expiresInMs: 1000 }),
  usage: (fs, path) => fs.usage(path),
  'rename into itself': (fs, path) => fs.rename(path, `${path}/below`),
  'copy into itself': (fs, path) => fs.copy(path, `${path}/below`),
  'write over': (fs, path) => fs.write(path, 'x'),
}

/** Says that it can do everything, and has no verb for it. */
function boasting(): Backend {
  const { capabilities } = openMemory()
  return { ...openBare(), capabilities: { ...capabilities, presign: true, search: true } }
}

const mounts: Readonly<Record<string, () => Promise<SlimNexusFS>>> = {
  'a memory mount': () => mount({ backend: openMemory(), at: '/m/n' }, { ephemeral: true }),
  'a read-only mount': () => mount({ backend: openMemory(), at: '/m/n', readonly: true }, { ephemeral: true }),
  'a mount of a bare backend': () => mount({ backend: openBare(), at: '/m/n' }, { ephemeral: true }),
  'a mount of a backend that promises more than it has': () => mount({ backend: boasting(), at: '/m/n' }, { ephemeral: true }),
  'a local mount': () => mount({ uri: `local://${temporaryRoot()}?layout=path`, at: '/m/n' }, { ephemeral: true, backends: { local: localBackend } }),
  'a repository': () => mount({ uri: `local://${temporaryRoot()}?layout=cas`, at: '/m/n' }, { ephemeral: true, backends: { local: localBackend } }),
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('a failure names its path once, as its caller wrote it', () => {
  for (const [name, open] of Object.entries(mounts)) {
    it(`in ${name}, at an absent place and below a file`, async () => {
      const fs = await open()
      onTestFinished(() => fs.close())
      await failureOf(fs.write('/m/n/file', 'x'))
      let failures = 0
      for (const path of ['/m/n/absent/deep', '/m/n/file/below', '/m/n/file']) {
        for (const [verb, call] of Object.entries(calls)) {
          const error = await failureOf(call(fs, path))
          if (error === undefined) continue
          failures++
          expect(isNexusError(error), `${verb} ${path}`).toBe(true)
          if (!isNexusError(error)) continue
          expect(error.path, `${verb} ${path}`).toMatch(/^\/m\/n\/(?:absent|file)/)
          const paths = error.message.match(/\/[^\s,;:"']*(?:absent|file)[^\s,;:"']*/g) ?? []
          expect(paths, error.message).toHaveLength(1)
        }
      }
      expect(failures).toBeGreaterThan(30)
    })
  }
})
