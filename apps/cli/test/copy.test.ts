import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
const host = (...names: string[]): string => join(scratch.directory, ...names)

beforeEach(async () => {
  scratch = await openScratch()
  await scratch.run(['mount', 'local://./data'])
  await mkdir(host('tree/sub/empty'), { recursive: true })
  await writeFile(host('tree/a.txt'), 'a')
  await writeFile(host('tree/sub/run.sh'), '#!/bin/sh\n')
  await chmod(host('tree/sub/run.sh'), 0o755)
  await writeFile(host('tree/sub/big.bin'), Buffer.alloc(3_000_000, 'big'))
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('cp', () => {
  it('takes a tree in and brings it out as it was: bytes, executable bits, empty directories; links and FIFOs are counted', async () => {
    await symlink('a.txt', host('tree/link'))
    execFileSync('mkfifo', [host('tree/fifo')])
    const into = await scratch.run(['cp', '-r', '--verify', './tree', '/local/data/tree'])
    expect(into).toMatchObject({ code: 0, stderr: '' })
    expect(into.stdout).toMatch(/^Copied 3 files, 2\.9 MiB in .*; skipped 1 link, 1 device, socket or FIFO; verified 3 files\.\n$/)
    const out = await scratch.run(['cp', '-r', '--verify', '--json', '/local/data/tree', './out'])
    expect(JSON.parse(out.stdout)).toMatchObject({ files: 3, directories: 2, bytes: 3_000_011, verified: 3, failures: 0 })
    expect(await readFile(host('out/sub/big.bin'))).toEqual(await readFile(host('tree/sub/big.bin')))
    expect((await stat(host('out/sub/run.sh'))).mode & 0o111).toBe(0o111)
    expect((await stat(host('out/a.txt'))).mode & 0o111).toBe(0)
    expect((await readdir(host('out'), { recursive: true })).sort()).toEqual(['a.txt', 'sub', 'sub/big.bin', 'sub/empty', 'sub/run.sh'])
  })

  it('copies a tree of a repository in one commit', async () => {
    await scratch.run(['cp', '-r', './tree', '/local/data/tree'])
    expect((await scratch.run(['cp', '-r', '--verify', '/local/data/tree', '/local/data/copy'])).stdout).toMatch(/^Copied 1 directory in one commit in .*verified 3 files/)
    expect((await scratch.run(['cat', '/local/data/copy/a.txt'])).stdout).toBe('a')
  })

  it('goes into directories that are there, and into those written with a slash', async () => {
    await scratch.run(['mkdir', '/local/data/there'])
    await scratch.run(['cp', './tree/a.txt', '/local/data/there'])
    await scratch.run(['cp', './tree/a.txt', './tree/sub/run.sh', '/local/data/new/'])
    expect((await scratch.run(['ls', '-r', '/local/data'])).stdout).toBe('new/\nnew/a.txt\nnew/run.sh\nthere/\nthere/a.txt\n')
    expect((await scratch.run(['cp', './tree/a.txt', './tree/sub/run.sh', '/local/data/none'])).code).toBe(13)
  })

  it('leaves files alone with --no-clobber, in both directions', async () => {
    await scratch.run(['write', '--text', 'old', '/local/data/a.txt'])
    await writeFile(host('b.txt'), 'old')
    expect(JSON.parse((await scratch.run(['cp', '--no-clobber', '--json', './tree/a.txt', '/local/data/a.txt'])).stdout)).toMatchObject({ files: 0, existing: 1 })
    expect(JSON.parse((await scratch.run(['cp', '--no-clobber', '--json', '/local/data/a.txt', './b.txt'])).stdout)).toMatchObject({ files: 0, existing: 1 })
    expect(await readFile(host('b.txt'), 'utf8')).toBe('old')
    expect((await scratch.run(['cat', '/local/data/a.txt'])).stdout).toBe('old')
  })

  it('a directory needs -r, and what is absent is told', async () => {
    expect((await scratch.run(['cp', './tree', '/local/data/x'])).code).toBe(12)
    expect((await scratch.run(['cp', './nothing', '/local/data/x'])).code).toBe(10)
    expect((await scratch.run(['cp', '/local/data/nothing', './x'])).code).toBe(10)
  })

  it('refuses to guess when a path is both', async () => {
    await scratch.run(['mount', '--at', `${scratch.directory}/tree`, 'local://./other'])
    const ran = await scratch.run(['cp', host('tree/a.txt'), '/local/data/a.txt'])
    expect(ran.code).toBe(18)
    expect(ran.stderr).toContain(`Write host:${host('tree/a.txt')} for this machine, nexus:${host('tree/a.txt')} for Nexus.`)
    expect((await scratch.run(['cp', `host:${host('tree/a.txt')}`, '/local/data/a.txt'])).code).toBe(0)
    expect((await scratch.run(['cp', `nexus:${host('tree/a.txt')}`, '/local/data/b.txt'])).code).toBe(10)
  })

  it('keeps names that are no text, or would draw on a terminal', async () => {
    const names = [Buffer.from('new\nline'), Buffer.from('\u001b[31mred'), Buffer.from([0x66, 0xff, 0xfe]), Buffer.from('%2F'), Buffer.from('ünï çode')]
    await mkdir(host('odd'))
    for (const name of names) await writeFile(Buffer.concat([Buffer.from(`${host('odd')}/`), name]), name)
    expect((await scratch.run(['cp', '-r', './odd', '/local/data/odd'])).code).toBe(0)
    expect((await scratch.run(['cp', '-r', '/local/data/odd', './back'])).code).toBe(0)
    const back = await readdir(Buffer.from(host('back')), { encoding: 'buffer' })
    expect(back.map((name) => name.toString('hex')).sort()).toEqual(names.map((name) => name.toString('hex')).sort())
  })

  it('never lets an escaped name lead out of the target', async () => {
    await scratch.run(['write', '--text', 'x', '/local/data/evil/%2E%2E'])
    await scratch.run(['write', '--text', 'x', '/local/data/evil/..%2Fout'])
    await scratch.run(['write', '--text', 'x', '/local/data/evil/fine'])
    const ran = await scratch.run(['cp', '-r', '--json', '/local/data/evil', './deep/target'])
    expect(ran.code).toBe(19)
    expect(JSON.parse(ran.stdout)).toMatchObject({ files: 1, failures: 2 })
    expect(jsonLines(ran.stderr).every((line) => (line['error'] as { code: string }).code === 'invalid_path')).toBe(true)
    expect((await readdir(host('deep'), { recursive: true })).sort()).toEqual(['target', 'target/fine'])
  })
})
