import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
const host = (...names: string[]): string => join(scratch.directory, ...names)

/** A file of this machine that was changed so many days ago. */
async function aged(name: string, days: number, text = name): Promise<void> {
  await mkdir(join(host(name), '..'), { recursive: true })
  await writeFile(host(name), text)
  const time = new Date(Date.now() - days * 86_400_000)
  await utimes(host(name), time, time)
}

beforeEach(async () => {
  scratch = await openScratch()
  await aged('work/done/old.txt', 40)
  await aged('work/done/sub/older.log', 90)
  await aged('work/done/new.txt', 1)
  await scratch.run(['mount', '--at', '/workspace', 'local://./work'])
  await scratch.run(['mount', '--at', '/archives', 'local://./cold?layout=path'])
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('tier', () => {
  it('shows in a dry run what it then moves, and a second run finds nothing', async () => {
    const args = ['tier', '/workspace/done', '/archives/done', '--older-than', '30d', '--json']
    const planned = jsonLines((await scratch.run([...args, '--dry-run'])).stdout)
    expect(await readFile(host('work/done/old.txt'), 'utf8')).toBe('work/done/old.txt')
    const moved = jsonLines((await scratch.run(args)).stdout)
    expect(planned.slice(0, -1).map(({ path }) => path)).toEqual(['/workspace/done/old.txt', '/workspace/done/sub/older.log'])
    expect(moved.slice(0, -1).map(({ path }) => path).sort()).toEqual(planned.slice(0, -1).map(({ path }) => path))
    expect(planned.at(-1)).toMatchObject({ dryRun: true, examined: 3, files: 2, bytes: 17 + 23 })
    expect(moved.at(-1)).toMatchObject({ dryRun: false, examined: 3, files: 2, bytes: 17 + 23, failed: 0 })
    expect(await readFile(host('cold/done/sub/older.log'), 'utf8')).toBe('work/done/sub/older.log')
    expect((await scratch.run(['cat', '/workspace/done/old.txt'])).code).toBe(10)
    expect((await scratch.run(['cat', '/workspace/done/new.txt'])).stdout).toBe('work/done/new.txt')
    expect((await scratch.run(args.slice(0, -1))).stdout).toBe('Moved 0 files of 1, 0 B, from /workspace/done to /archives/done.\n')
  })

  it('keeps paths when asked to, for every later command', async () => {
    const ran = await scratch.run(['tier', '/workspace/done', '/archives/done', '--older-than', '30d', '--keep-paths'])
    expect(ran).toMatchObject({ code: 0, stdout: 'Moved 2 files of 3, 40 B, from /workspace/done to /archives/done, paths kept.\n' })
    await expect(readFile(host('work/done/old.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await scratch.run(['cat', '/workspace/done/old.txt'])).stdout).toBe('work/done/old.txt')
    expect((await scratch.run(['ls', '-r', '/workspace/done'])).stdout).toBe('new.txt\nold.txt\nsub/\nsub/older.log\n')
    expect((await scratch.run(['mounts', 'list'])).stdout).toContain('Files of /workspace/done may lie at /archives/done and keep their paths.')
    expect((await scratch.run(['rm', '/workspace/done/old.txt'])).code).toBe(0)
    await expect(readFile(host('cold/done/old.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await scratch.run(['mv', '/workspace/done/sub/older.log', '/workspace/done/moved.log'])).code).toBe(0)
    expect(await readFile(host('cold/done/moved.log'), 'utf8')).toBe('work/done/sub/older.log')
  })

  it('keeps the redirect when the mount is mounted again, and runs what is remembered without operands', async () => {
    await scratch.run(['tier', '/workspace/done', '/archives/done', '--older-than', '60d', '--keep-paths'])
    await scratch.run(['mount', '--at', '/workspace', 'local://./work'])
    expect((await scratch.run(['cat', '/workspace/done/sub/older.log'])).stdout).toBe('work/done/sub/older.log')
    await aged('work/done/another.txt', 61)
    expect((await scratch.run(['tier'])).stdout).toBe('Moved 1 file of 3, 21 B, from /workspace/done to /archives/done, paths kept.\n')
    expect(await readFile(host('cold/done/another.txt'), 'utf8')).toBe('work/done/another.txt')
  })

  it('leaves what was read lately, where a remembered rule asks for it', async () => {
    await scratch.run(['tier', '/workspace/done', '/archives/done', '--idle-for', '60d', '--keep-paths'])
    await aged('work/done/read.txt', 70)
    await aged('work/done/unread.txt', 70)
    expect((await scratch.run(['cat', '/workspace/done/read.txt'])).code).toBe(0)
    expect(jsonLines((await scratch.run(['tier', '--json'])).stdout).map(({ path }) => path)).toEqual(['/workspace/done/unread.txt', undefined])
    await rm(host('state/access.db'))
    expect(jsonLines((await scratch.run(['tier', '--json'])).stdout).map(({ path }) => path)).toEqual(['/workspace/done/read.txt', undefined])
  })

  it('forgets a redirect, and leaves files where they lie', async () => {
    await scratch.run(['tier', '/workspace/done', '/archives/done', '--older-than', '30d', '--keep-paths'])
    expect((await scratch.run(['tier', '--forget', '/workspace/done'])).stdout).toContain('Forgot that files of /workspace/done')
    expect((await scratch.run(['cat', '/workspace/done/old.txt'])).code).toBe(10)
    expect((await scratch.run(['cat', '/archives/done/old.txt'])).stdout).toBe('work/done/old.txt')
    expect((await scratch.run(['tier', '--forget', '/workspace/done'])).code).toBe(2)
  })

  it('moves nothing onto a file of another content, and says so', async () => {
    await aged('cold/done/old.txt', 1, 'something else')
    const ran = await scratch.run(['tier', '/workspace/done', '/archives/done', '--older-than', '30d'])
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('Another file is there already')
    expect(ran.stdout).toContain('Moved 1 file of 3')
    expect(await readFile(host('cold/done/old.txt'), 'utf8')).toBe('something else')
    expect(await readFile(host('work/done/old.txt'), 'utf8')).toBe('work/done/old.txt')
  })

  it('runs the rules of nexus.yaml', async () => {
    await writeFile(host('nexus.yaml'), `
mounts:
  - { uri: "local://./work?layout=path", at: /workspace }
  - { uri: "local://./warm?layout=path", at: /warm }
  - { uri: "local://./cold?layout=path", at: /cold }
tiers:
  - { from: /workspace/done, to: /warm, older_than: 30d, paths: keep }
  - { from: /warm, to: /cold, larger_than: 20B, paths: keep }
`)
    const reports = jsonLines((await scratch.run(['tier', '--json'])).stdout).filter(({ paths }) => paths !== undefined)
    expect(reports).toMatchObject([{ from: '/workspace/done', files: 2 }, { from: '/warm', files: 1 }])
    expect(await readFile(host('cold/sub/older.log'), 'utf8')).toBe('work/done/sub/older.log')
    expect(await readFile(host('warm/old.txt'), 'utf8')).toBe('work/done/old.txt')
  })

  it('selects by size and pattern', async () => {
    const planned = await scratch.run(['tier', '/workspace', '/archives/x', '--larger-than', '17', '--exclude', '*.log', '-n', '--json'])
    expect(jsonLines(planned.stdout)).toMatchObject([{ files: 0 }])
    const included = await scratch.run(['tier', '/workspace', '/archives/x', '--smaller-than', '1k', '--include', '*.log', '-n', '--json'])
    expect(jsonLines(included.stdout).map(({ path }) => path)).toEqual(['/workspace/done/sub/older.log', undefined])
  })

  it('says what is wrong with a command line', async () => {
    expect((await scratch.run(['tier', '/workspace/done'])).stderr).toContain('a directory to take the files')
    expect((await scratch.run(['tier'])).stderr).toContain('no tier rules')
    expect((await scratch.run(['tier', '--older-than', '3d'])).stderr).toContain('Conditions belong to directories')
    expect((await scratch.run(['tier', '/workspace/done', '/archives/x'])).stderr).toContain('does not say which files')
    expect((await scratch.run(['tier', '/workspace', '/workspace/old', '--older-than', '3d'])).stderr).toContain('one lies in the other')
    expect((await scratch.run(['tier', '/workspace', '/archives', '--older-than', 'soon'])).code).toBe(2)
    expect((await scratch.run(['tier', '/workspace', 'local://./elsewhere', '--older-than', '3d', '--keep-paths'])).stderr).toContain('mount both places first')
  })

  it('tells that a redirect leads to nowhere, and does not show a part as if it were all', async () => {
    await scratch.run(['tier', '/workspace/done', '/archives/done', '--older-than', '30d', '--keep-paths'])
    await scratch.run(['unmount', '/archives'])
    const ran = await scratch.run(['ls', '/workspace/done'])
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toContain('Nothing is mounted at /archives/done')
    await rm(host('cold'), { recursive: true })
  })
})
