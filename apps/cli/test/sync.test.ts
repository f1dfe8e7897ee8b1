import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { finished, jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
const host = (...names: string[]): string => join(scratch.directory, ...names)

beforeEach(async () => {
  scratch = await openScratch()
  await scratch.run(['mount', 'local://./data'])
  await mkdir(host('tree/sub/empty'), { recursive: true })
  await writeFile(host('tree/a.md'), 'a')
  await writeFile(host('tree/sub/run.sh'), '#!/bin/sh\n')
  await chmod(host('tree/sub/run.sh'), 0o755)
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('sync', () => {
  it('brings a directory of this machine in and out as it is; a second time there is nothing to do', async () => {
    await symlink('a.md', host('tree/link'))
    const first = await scratch.run(['sync', './tree', '/local/data/tree'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^Copied 2 files, 11 B in .*; made 2 directories; skipped 1 link\.\n$/)
    expect((await scratch.run(['sync', './tree', '/local/data/tree'])).stdout).toBe('Nothing to copy; 2 files unchanged; skipped 1 link.\n')
    expect((await scratch.run(['sync', '/local/data/tree', './out/deep'])).code).toBe(0)
    expect((await readdir(host('out/deep'), { recursive: true })).filter((name) => !name.startsWith('.nexus')).sort()).toEqual(['a.md', 'sub', 'sub/empty', 'sub/run.sh'])
    expect((await stat(host('out/deep/sub/run.sh'))).mode & 0o111).toBe(0o111)
    expect((await scratch.run(['sync', '-c', './tree', './out/deep'])).stdout).toContain('Nothing to copy; 2 files unchanged')
  })

  it('shows with --dry-run what it would do, to programs one object a line, and does nothing', async () => {
    await scratch.run(['write', '--text', 'x', '/local/data/tree/old'])
    const shown = await scratch.run(['sync', '-n', '--delete', './tree', '/local/data/tree'])
    expect(shown.stdout).toContain('copy    a.md  1 B\n')
    expect(shown.stdout).toContain('mkdir   sub/empty/\n')
    expect(shown.stdout).toContain('delete  old\n')
    expect(shown.stdout).toMatch(/Would copy 2 files, make 1 directory, delete 1; nothing was changed\.\n$/)
    const actions = jsonLines((await scratch.run(['sync', '-n', '--json', '--delete', './tree', '/local/data/tree'])).stdout)
    expect(actions.map(({ action, path }) => `${String(action)} ${String(path)}`).sort()).toEqual(['copy /local/data/tree/a.md', 'copy /local/data/tree/sub/run.sh', 'delete /local/data/tree/old', 'mkdir /local/data/tree/sub/empty'])
    expect((await scratch.run(['ls', '-r', '/local/data/tree'])).stdout).toBe('old\n')
  })

  it('takes the rules in their order, and deletes nothing that they leave out', async () => {
    await writeFile(host('tree/keep.tmp'), '1')
    await writeFile(host('tree/other.tmp'), '2')
    await scratch.run(['write', '--text', 'x', '/local/data/tree/mine.tmp'])
    await scratch.run(['write', '--text', 'x', '/local/data/tree/gone'])
    const args = ['sync', '--json', '--delete', '--include', 'keep.tmp', '--exclude', '*.tmp', './tree', '/local/data/tree']
    expect(JSON.parse((await scratch.run(args)).stdout)).toMatchObject({ files: 3, deleted: 1, failed: 0 })
    expect((await scratch.run(['ls', '-r', '/local/data/tree'])).stdout).toBe('a.md\nkeep.tmp\nmine.tmp\nsub/\nsub/empty/\nsub/run.sh\n')
    expect(JSON.parse((await scratch.run(['sync', '--json', '--include', '*.md', './tree', 'local://./plain?layout=path'])).stdout)).toMatchObject({ files: 1 })
  })

  it('tells each failure and ends with the code of the first; the others are copied, and nothing is deleted', async () => {
    await scratch.run(['write', '--text', 'x', '/local/data/tree/a.md/in/the/way'])
    await scratch.run(['write', '--text', 'x', '/local/data/tree/old'])
    const ran = await scratch.run(['sync', './tree', '/local/data/tree'])
    expect(ran.code).toBe(12)
    expect(ran.stdout).toMatch(/^Copied 1 file.*1 file failed\.\n$/)
    expect(ran.stderr).toContain('sync /local/data/tree/a.md: At the target a directory stands in the place of this file, and it is not empty; add --delete, or delete it. (is_directory)')
    expect(await scratch.run(['sync', '--delete', './tree', '/local/data/tree'])).toMatchObject({ code: 0 })
    expect((await scratch.run(['cat', '/local/data/tree/a.md'])).stdout).toBe('a')
  })

  it('takes no absent directory for an empty one, no file for a directory, and no place inside the other', async () => {
    await scratch.run(['sync', './tree', '/local/data/tree'])
    expect((await scratch.run(['sync', '--delete', './tre', '/local/data/tree'])).code).toBe(10)
    expect((await scratch.run(['sync', '--delete', '/local/data/tre', './tree'])).code).toBe(10)
    expect((await scratch.run(['sync', './tree/a.md', '/local/data/tree'])).code).toBe(13)
    expect((await scratch.run(['sync', './tree', './tree/sub/copy'])).code).toBe(18)
    expect((await scratch.run(['sync', '-n', '--watch', './tree', '/local/data/tree'])).code).toBe(18)
    await mkdir(host('empty'))
    const emptied = await scratch.run(['sync', '--delete', './empty', '/local/data/tree'])
    expect(emptied.code).toBe(15)
    expect(emptied.stderr).toContain('--allow-empty-source')
    expect((await scratch.run(['sync', '--delete', '--allow-empty-source', './empty', '/local/data/tree'])).stdout).toMatch(/deleted 4/)
  })

  it('reads sizes of a bandwidth, and refuses what is none', async () => {
    for (const option of ['--bandwidth', '--bwlimit']) {
      for (const rate of ['5MB', '500k', '1.5M/s']) expect((await scratch.run(['sync', '-n', option, rate, './tree', '/local/data/x'])).code).toBe(0)
      for (const command of ['sync', 'cp']) expect((await scratch.run([command, option, '0', './tree', '/local/data/x'])).code).toBe(2)
    }
  })

  it('goes on with --watch until it is told to end, with one object a line for programs', async () => {
    const child = scratch.start(['sync', '--watch', '--delete', '--json', './tree', '/local/data/tree'])
    const ended = finished(child)
    let printed = ''
    child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    const until = async (text: string): Promise<void> => {
      while (!printed.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until('"tookMs"')
    await writeFile(host('tree/new'), 'n')
    await until('/local/data/tree/new')
    await rm(host('tree/a.md'))
    await until('"delete"')
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 130 })
    expect((await scratch.run(['ls', '/local/data/tree'])).stdout).toBe('new\nsub/\n')
  })

  it('says, when it is broken off, that it goes on', async () => {
    await writeFile(host('tree/big'), Buffer.alloc(3_000_000))
    const child = scratch.start(['sync', '--bandwidth', '100k', './tree', '/local/data/tree'])
    const ended = finished(child)
    // The small files are there before the big one can be.
    while (!(await scratch.run(['ls', '/local/data/tree'])).stdout.includes('a.md')) continue
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain('the same command goes on where it was')
    expect((await scratch.run(['sync', './tree', '/local/data/tree'])).code).toBe(0)
    expect((await readFile(host('tree/big'))).byteLength).toBe(3_000_000)
    expect(JSON.parse((await scratch.run(['stat', '--json', '/local/data/tree/big'])).stdout)).toMatchObject({ sizeBytes: 3_000_000 })
  })
})

describe('cp -r between two mounts', () => {
  it('passes within a bandwidth, and counts what passed', async () => {
    await scratch.run(['mount', 'local://./other'])
    await scratch.run(['cp', '-r', './tree', '/local/data/tree'])
    expect(JSON.parse((await scratch.run(['cp', '-r', '--json', '--bandwidth', '10M', '/local/data/tree', '/local/other/tree'])).stdout)).toMatchObject({ files: 2, bytes: 11, failures: 0 })
    expect((await scratch.run(['cat', '/local/other/tree/a.md'])).stdout).toBe('a')
  })
})
