import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePath } from '../contract/paths.ts'
import { forgetMounts, readMounts, rememberMounts } from './mounts-file.ts'
import { withStateLock } from './state-lock.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-state-'))
})
afterEach(() => rm(directory, { recursive: true }))

const mountAt = (place: string): { mountPoint: ReturnType<typeof parsePath>; uri: string } => ({
  mountPoint: parsePath(place),
  uri: `fake:/${place}`,
})

/** Another process that merges `count` mounts, one by one, and says `done`. */
const rememberInChild = async (name: string, count: number): Promise<number | null> => {
  const module = pathToFileURL(join(import.meta.dirname, 'mounts-file.ts')).href
  const script = `
    const { rememberMounts } = await import(${JSON.stringify(module)})
    for (let i = 0; i < ${count}; i++) await rememberMounts([{ mountPoint: '/${name}/' + i, uri: 'fake://${name}/' + i }], { directory: ${JSON.stringify(directory)}, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * ms)) })`
  const child = spawn(process.execPath, ['--conditions=nexus-source', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

describe('two processes that merge at once', () => {
  it('lose nothing', async () => {
    expect(await Promise.all([rememberInChild('one', 20), rememberInChild('two', 20)])).toEqual([0, 0])
    const places = (await readMounts(directory)).map(({ mountPoint }) => mountPoint)
    expect(new Set(places)).toEqual(
      new Set(['one', 'two'].flatMap((name) => Array.from({ length: 20 }, (_, index) => `/${name}/${index}`))),
    )
    expect((await readdir(directory)).sort()).toEqual(['lock.db', 'lock.json', 'mounts.json'])
  })
})

describe('a state directory that stays locked', () => {
  it('is tried again 3 times with growing pauses, then the error names the holder', async () => {
    const pauses: number[] = []
    const sleep = (ms: number): Promise<void> => Promise.resolve(void pauses.push(ms))
    await withStateLock(directory, async () => {
      const merging = rememberMounts([mountAt('/a')], { directory, sleep })
      await expect(merging).rejects.toEqual(
        expect.objectContaining({ code: 'busy', message: expect.stringContaining(`process ${process.pid} (since `) as string }),
      )
    })
    expect(pauses).toEqual([100, 200, 400])
    expect(await readMounts(directory)).toEqual([])
  })

  it('is waited for', async () => {
    const holder = new SQLite(join(directory, 'lock.db'))
    holder.exec('BEGIN IMMEDIATE')
    const sleep = (): Promise<void> => Promise.resolve(void holder.close())
    await rememberMounts([mountAt('/a')], { directory, sleep })
    expect(await readMounts(directory)).toEqual([mountAt('/a')])
  })

  it('is given up by the signal', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    await withStateLock(directory, async () => {
      const sleep = async (): Promise<void> => {
        controller.abort(reason)
        await Promise.resolve()
      }
      await expect(rememberMounts([mountAt('/a')], { directory, sleep, signal: controller.signal })).rejects.toBe(reason)
    })
  })

  it('is free again when its holder was killed', async () => {
    const script = `
      const { withStateLock } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'state-lock.ts')).href)})
      await withStateLock(${JSON.stringify(directory)}, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1000)) })`
    const child = spawn(process.execPath, ['--conditions=nexus-source', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    await rememberMounts([mountAt('/a')], { directory })
    expect(await readMounts(directory)).toEqual([mountAt('/a')])
  })
})

describe('forgetMounts', () => {
  it('takes out what is named and says what that was', async () => {
    await rememberMounts([mountAt('/a'), mountAt('/b')], { directory })
    expect(await forgetMounts([parsePath('/a'), parsePath('/c')], { directory })).toEqual([mountAt('/a')])
    expect(await readMounts(directory)).toEqual([mountAt('/b')])
  })

  it('makes nothing where nothing was', async () => {
    expect(await forgetMounts([parsePath('/a')], { directory: join(directory, 'absent') })).toEqual([])
    expect(await readdir(directory)).toEqual([])
  })

  it('leaves a damaged file as it is', async () => {
    await writeFile(join(directory, 'mounts.json'), '{')
    await expect(forgetMounts([parsePath('/a')], { directory })).rejects.toEqual(expect.objectContaining({ code: 'invalid_config' }))
    expect(await readFile(join(directory, 'mounts.json'), 'utf8')).toBe('{')
  })
})
