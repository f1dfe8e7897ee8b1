import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
const host = (...names: string[]): string => join(scratch.directory, ...names)

beforeEach(async () => {
  scratch = await openScratch()
  await mkdir(host('one/sub'), { recursive: true })
  await writeFile(host('one/a.txt'), 'a')
  await writeFile(host('one/sub/b.txt'), 'bb')
  await scratch.run(['mount', '--at', '/data', 'local://./one'])
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('migrate', () => {
  it('shows in a dry run what goes, and changes nothing', async () => {
    const ran = await scratch.run(['migrate', '/data', 'local://./two?layout=path', '--dry-run'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^Would migrate \/data to local:\/\/.*: 2 files, 3 B\. Nothing was changed\.\n$/)
    await expect(readFile(host('two/a.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await scratch.run(['mounts', 'list', '--json'])).stdout).toContain('/one')
  })

  it('leads the mount elsewhere for every later command, and leaves the old storage', async () => {
    const ran = await scratch.run(['migrate', '/data', 'local://./two?layout=path', '--checksum'])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain('2 files, 3 B; copied 2 files, 3 B; changes waited')
    expect(ran.stderr).toContain('until they mount again')
    expect(await readFile(host('two/sub/b.txt'), 'utf8')).toBe('bb')
    expect((await scratch.run(['write', '/data/c.txt', '--text', 'new'])).code).toBe(0)
    expect(await readFile(host('two/c.txt'), 'utf8')).toBe('new')
    await expect(readFile(host('one/c.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readFile(host('one/a.txt'), 'utf8')).toBe('a')
  })

  it('tells what would be lost before anything is copied', async () => {
    await scratch.run(['migrate', '/data', 'local://./two?layout=cas'])
    const refused = await scratch.run(['migrate', '/data', 'local://./three?layout=path'])
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('earlier versions of files stay in the old storage')
    expect(refused.stderr).toContain('Add --allow-loss')
    await expect(readFile(host('three/a.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    const [result] = jsonLines((await scratch.run(['migrate', '/data', 'local://./three?layout=path', '--allow-loss', '--json'])).stdout)
    expect(result).toMatchObject({ mountPoint: '/data', isSwitched: true, isRemembered: true, files: 2, bytes: 3, dryRun: false })
    expect(await readFile(host('three/a.txt'), 'utf8')).toBe('a')
  })

  it('refuses a place that holds something', async () => {
    await mkdir(host('two'))
    await writeFile(host('two/mine.txt'), 'mine')
    for (const _ of ['first', 'second']) {
      const ran = await scratch.run(['migrate', '/data', 'local://./two'])
      expect(ran.stderr).toContain('holds something already (mine.txt)')
    }
    expect(await readFile(host('two/mine.txt'), 'utf8')).toBe('mine')
  })

  it('follows what others change in the old storage, and neither deletes nor takes back', { timeout: 60_000 }, async () => {
    const child = scratch.start(['migrate', '/data', 'local://./two?layout=path', '--follow'])
    let told = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (told += text))
    await vi.waitFor(() => expect(told).toContain('leads to'), { timeout: 30_000 })
    await writeFile(host('two/a.txt'), 'written at the new place')
    await scratch.run(['rm', '/data/sub/b.txt'])
    await writeFile(host('one/late.txt'), 'late')
    await vi.waitFor(async () => expect(await readFile(host('two/late.txt'), 'utf8')).toBe('late'), { timeout: 30_000 })
    expect(await readFile(host('two/a.txt'), 'utf8')).toBe('written at the new place')
    await expect(readFile(host('two/sub/b.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
  })
})
