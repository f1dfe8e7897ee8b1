import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { memoryBackend, openMemory } from '@nexus/backend-memory'
import { type Backend, type BackendDefinition, type Capabilities, type MigrateProgress, type MountedNexusFS, NexusError } from '@nexus/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openData, openPlace } from './migrate-kit.ts'

/** A mount that was migrated while `one` is followed, and what happens meanwhile. */
interface Followed {
  readonly fs: MountedNexusFS
  /** Another process, which has the old storage still. */
  readonly writeOld: (name: string, text: string) => Promise<void>
  /** What is done once, before the next write of that path at the new place. */
  readonly beforeWrite: Map<string, () => Promise<unknown>>
  /** `brought`, or the code of what is to be tried again. */
  readonly told: string[]
}

async function openFollowed(ofTarget: Partial<Capabilities> = {}): Promise<Followed> {
  const root = await openPlace()
  const told: string[] = []
  const beforeWrite: Followed['beforeWrite'] = new Map()
  const [memory, controller] = [openMemory(), new AbortController()]
  const two: Backend = {
    ...memory,
    capabilities: { ...memory.capabilities, ...ofTarget },
    write: async (path, body, options) => {
      const happening = beforeWrite.get(path)
      beforeWrite.delete(path)
      await happening?.()
      return memory.write(path, body, options)
    },
  }
  const definition: BackendDefinition = { ...(memoryBackend as BackendDefinition), scheme: 'two', open: () => Promise.resolve(two) }
  const fs = await openData(`local://${join(root, 'one')}?layout=path&durability=os`, { backends: { local: localBackend, memory: memoryBackend, two: definition } })
  await fs.write('/data/file', 'as it was')
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const onProgress = ({ phase }: MigrateProgress): void => {
    if (phase === 'following') told.push('brought')
  }
  const following = fs.migrate('/data', 'two://x', { follow: true, allowLoss: true, signal: controller.signal, onProgress, onSwitch: resolve, onRetry: ({ code }) => void told.push(code) }).catch(reject)
  onTestFinished(async () => {
    controller.abort('over')
    await following
    await fs.close()
  })
  await promise
  const writeOld = async (name: string, text: string): Promise<void> => {
    await writeFile(join(root, 'aside'), text)
    await rename(join(root, 'aside'), join(root, 'one', name))
  }
  return { fs, told, beforeWrite, writeOld }
}

describe('following the old storage of a migrated mount', () => {
  it.each(['file', 'new'])('replaces nothing that is written at the new place while it copies (%s)', async (name) => {
    const { fs, told, beforeWrite, writeOld } = await openFollowed()
    beforeWrite.set(`/${name}`, () => fs.write(`/data/${name}`, 'acknowledged'))
    await writeOld(name, 'changed at the old place')
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 5000 })
    expect(await fs.readText(`/data/${name}`)).toBe('acknowledged')
    expect(told).toEqual(['precondition_failed'])
    await writeOld('last', 'last')
    await vi.waitFor(() => expect(told.at(-1)).toBe('brought'), { timeout: 5000 })
    expect(await fs.readText(`/data/${name}`)).toBe('acknowledged')
  })

  it('tries again what failed, although nothing changes it any more', async () => {
    const { fs, told, beforeWrite, writeOld } = await openFollowed()
    beforeWrite.set('/file', () => Promise.reject(new NexusError('permission_denied', { op: 'write' })))
    await writeOld('file', 'changed')
    await vi.waitFor(() => expect(told).toEqual(['permission_denied']), { timeout: 5000 })
    await writeOld('last', 'last')
    await vi.waitFor(() => expect(told).toEqual(['permission_denied', 'brought', 'brought']), { timeout: 5000 })
    expect(await fs.readText('/data/file')).toBe('changed')
  })

  it('goes to storage that checks no conditions as well', async () => {
    const { fs, told, writeOld } = await openFollowed({ ifMatch: false, ifNoneMatch: false })
    await writeOld('file', 'changed')
    await writeOld('new', 'new')
    await vi.waitFor(() => expect(told).toContain('brought'), { timeout: 5000 })
    await vi.waitFor(async () => expect([await fs.readText('/data/file'), await fs.readText('/data/new')]).toEqual(['changed', 'new']), { timeout: 5000 })
  })
})
