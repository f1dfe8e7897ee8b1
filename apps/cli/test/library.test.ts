import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as core from '@nexus/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-fs-library-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('the package nexus-fs', () => {
  it('exports all of @nexus/core and nothing else', () => {
    expect(Object.keys(library).sort()).toEqual(Object.keys(core).sort())
  })

  it('mounts local URIs without further packages, with and without options', async () => {
    await using fs = await library.mount({ uri: `local://${directory}/a?layout=cas`, at: '/a' }, { ephemeral: true })
    await fs.write('/a/x.txt', 'x')
    expect(await fs.readText('/a/x.txt')).toBe('x')
  })

  it('lets the caller replace the definition of local', async () => {
    const refused = library.mount(`local://${directory}/a`, { ephemeral: true, backends: { local: () => Promise.reject(new Error('mine')) } })
    await expect(refused).rejects.toThrow('mine')
  })

  it('connects with local mounts', async () => {
    await using fs = await library.connect({ dataDir: join(directory, 'data') })
    await fs.write('/workspace/x.txt', 'x')
    expect(await fs.exists('/workspace/x.txt')).toBe(true)
  })

  it('mounts without promises', () => {
    const fs = library.mountSync({ uri: `local://${directory}/a?layout=cas`, at: '/a' }, { ephemeral: true })
    fs.write('/a/x.txt', 'x')
    expect(fs.readText('/a/x.txt')).toBe('x')
    fs.close()
  })
})
