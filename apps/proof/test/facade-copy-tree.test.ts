import { openMemory } from '@nexus/backend-memory'
import { type Backend, type CopyTreeProgress, createSlimNexusFS, NexusError, type Path, type SlimNexusFS } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { fails, kernelWith, names } from './kernel-support.ts'

/** A memory whose store copies files only. */
function filesOnly(change: (memory: Backend) => Partial<Backend> = () => ({})): Backend {
  const memory = openMemory()
  const copy = async (from: Path, to: Path, options: Parameters<NonNullable<Backend['copy']>>[2]) => {
    if ((await memory.stat(from)).kind === 'directory') throw new NexusError('is_directory', { path: from })
    return await memory.copy(from, to, options)
  }
  const backend: Backend = { ...memory, copy }
  return { ...backend, ...change(backend) }
}

async function filled(backend: Backend): Promise<SlimNexusFS> {
  const fs = createSlimNexusFS(backend)
  for (const path of ['/from/1', '/from/a/2', '/from/a/b/3']) await fs.write(path, path, { contentType: 'text/x', metadata: { of: path } })
  await fs.mkdir('/from/empty')
  return fs
}

const whole = ['/to/1', '/to/a/', '/to/a/2', '/to/a/b/', '/to/a/b/3', '/to/empty/']

describe('copies the whole tree', () => {
  it('in one step where the store can', async () => {
    const memory = openMemory()
    let copies = 0
    const fs = await filled({ ...memory, copy: (...args) => (copies++, memory.copy(...args)) })
    expect(await fs.copyTree('/from', '/to')).toMatchObject({ oneStep: true })
    expect(copies).toBe(1)
    expect(await names(fs.list('/to', { recursive: true }))).toEqual(whole)
  })

  it('file by file where it cannot', async () => {
    const fs = await filled(filesOnly())
    const progress: CopyTreeProgress[] = []
    const result = await fs.copyTree('/from', '/to', { onProgress: (done) => progress.push(done) })
    expect(result).toEqual({ oneStep: false, files: 3, directories: 3, bytes: 27, skipped: 0 })
    expect(progress.map(({ files }) => files)).toEqual([1, 2, 3])
    expect(await names(fs.list('/to', { recursive: true }))).toEqual(whole)
    expect(await fs.stat('/to/a/2')).toMatchObject({ contentType: 'text/x', metadata: { of: '/from/a/2' } })
  })

  it('into what is there already, which it merges with', async () => {
    const fs = await filled(openMemory())
    await fs.write('/to/1', 'old')
    await fs.write('/to/mine', 'kept')
    expect(await fs.copyTree('/from', '/to')).toMatchObject({ oneStep: false, files: 3 })
    expect([await fs.readText('/to/1'), await fs.readText('/to/mine')]).toEqual(['/from/1', 'kept'])
  })

  it('of one file', async () => {
    const fs = await filled(openMemory())
    expect(await fs.copyTree('/from/1', '/copy')).toMatchObject({ files: 1 })
    expect(await fs.readText('/copy')).toBe('/from/1')
  })

  it('between mounts, and of mounts below only when asked', async () => {
    const fs = await filled(await kernelWith({ '/from': undefined, '/from/a/b': undefined, '/to': undefined, '/all': undefined }))
    await fs.copyTree('/from', '/to')
    expect(await names(fs.list('/to', { recursive: true }))).not.toContain('/to/a/b/3')
    await fs.copyTree('/from', '/all', { crossMounts: true })
    expect(await fs.readText('/all/a/b/3')).toBe('/from/a/b/3')
  })
})

describe('ifExists', () => {
  it('skip leaves what is there, and counts it', async () => {
    const fs = await filled(openMemory())
    await fs.write('/to/1', 'old')
    expect(await fs.copyTree('/from', '/to', { ifExists: 'skip' })).toMatchObject({ files: 2, skipped: 1 })
    expect(await fs.readText('/to/1')).toBe('old')
  })

  it('fail is precondition_failed', async () => {
    const fs = await filled(openMemory())
    await fs.write('/to/a/b/3', 'old')
    await fails(fs.copyTree('/from', '/to', { ifExists: 'fail' }), 'precondition_failed')
    expect(await fs.readText('/to/a/b/3')).toBe('old')
  })
})

describe('what it does not do', () => {
  it('copy into its own child, or what is absent; onto itself it changes nothing', async () => {
    const fs = await filled(filesOnly())
    await fails(fs.copyTree('/from', '/from/a/copy'), 'invalid_argument')
    expect(await fs.exists('/from/a/copy')).toBe(false)
    await fails(fs.copyTree('/nope', '/to'), 'not_found')
    await fails(fs.copyTree('/nope', '/nope'), 'not_found')
    expect(await fs.copyTree('/from', '/from')).toMatchObject({ files: 0, oneStep: false })
    await fails(fs.copyTree('/from', '/to', { concurrency: 0 }), 'invalid_argument')
  })

  it('follow links', async () => {
    const fs = await filled(filesOnly())
    await fs.write('/from/link', '', { metadata: { symlink: '../outside' } })
    expect(await fs.copyTree('/from', '/to')).toMatchObject({ files: 3, skipped: 1 })
    expect(await fs.exists('/to/link')).toBe(false)
  })

  it('go on after a failure', async () => {
    let copies = 0
    const fs = await filled(filesOnly((memory) => ({ copy: (from, to, options) => (to === '/to/1' && copies++ === 0 ? Promise.reject(new NexusError('no_space', { path: to })) : memory.copy!(from, to, options)) })))
    for (let index = 0; index < 50; index++) await fs.write(`/from/z${index}`, '')
    await fails(fs.copyTree('/from', '/to', { concurrency: 1 }), 'no_space')
    expect(await fs.exists('/to/z0')).toBe(false)
  })

  it('more at once than allowed', async () => {
    let [running, most] = [0, 0]
    const counting = async (run: () => Promise<Awaited<ReturnType<Backend['write']>>>) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      return await run().finally(() => running--)
    }
    const fs = await filled(filesOnly((memory) => ({ copy: (from, to, options) => counting(() => memory.copy!(from, to, options)) })))
    for (let index = 0; index < 20; index++) await fs.write(`/from/z${index}`, '')
    await fs.copyTree('/from', '/to', { concurrency: 3 })
    expect(most).toBe(3)
  })

  it('go on after an abort', async () => {
    const fs = await filled(filesOnly())
    const controller = new AbortController()
    const reason = new Error('enough')
    await expect(fs.copyTree('/from', '/to', { concurrency: 1, signal: controller.signal, onProgress: () => controller.abort(reason) })).rejects.toBe(reason)
    expect(await fs.exists('/to/a/b/3')).toBe(false)
  })
})
