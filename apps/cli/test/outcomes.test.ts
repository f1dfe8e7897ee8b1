import { once } from 'node:events'
import { readdir, writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { errorCodes } from '@nexus/core/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodes, otherExitCodes } from '../src/exit-codes.ts'
import { openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await openScratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('exit codes', () => {
  it('differ for every failure', () => {
    const all = [...Object.values(exitCodes), ...Object.values(otherExitCodes).map(({ code }) => code)]
    expect(Object.keys(exitCodes).sort()).toEqual([...errorCodes].sort())
    expect(new Set(all).size).toBe(all.length)
    expect(all.every((code) => code >= 0 && code < 256)).toBe(true)
  })

  it.each([
    [['cat', '/nowhere/x'], 21, 'mount_not_found'],
    [['cat', 'relative'], 19, 'invalid_path'],
    [['cat', '/a//b'], 19, 'invalid_path'],
    [['cat', 'local://./data/none'], 10, 'not_found'],
    [['cat', 'local://./data/sub'], 12, 'is_directory'],
    [['write', '--text', 'x', 'local://./data/a.txt/x'], 13, 'not_directory'],
    [['rm', 'local://./data/sub'], 14, 'not_empty'],
    [['mkdir', 'local://./data/sub'], 11, 'already_exists'],
    [['write', '--if-match', 'no', '--text', 'x', 'local://./data/a.txt'], 15, 'precondition_failed'],
    [['edit', '--old', 'no', '--new', 'x', 'local://./data/a.txt'], 18, 'invalid_argument'],
    [['ls', 'local://./data?layout=neither'], 20, 'invalid_config'],
    [['ls', 'nope://x'], 20, 'invalid_config'],
    [['ls', 's3://secret@bucket'], 20, 'invalid_config'],
    [['ls', 'gdrive://my-drive'], 28, 'unavailable'],
    [['versions', 'local://./data/a.txt'], 24, 'unsupported'],
    [['gc', 'local://./data'], 24, 'unsupported'],
    [['write', '--text', 'x', 'local://./data/x?readonly=true'], 23, 'read_only'],
    [['cp', './data', './elsewhere'], 18, 'invalid_argument'],
    [['unmount', 'nothing'], 21, 'mount_not_found'],
    [['add', '../evil'], 18, 'invalid_argument'],
  ])('%j ends with %i (%s), and tells programs in JSON', async (args, code, name) => {
    await mkdir(join(scratch.directory, 'data/sub'), { recursive: true })
    await writeFile(join(scratch.directory, 'data/a.txt'), 'a')
    await writeFile(join(scratch.directory, 'data/sub/b.txt'), 'b')
    const [verb = '', ...rest] = args
    const ran = await scratch.run([verb, '--json', ...rest])
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' })
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: name, exitCode: code } })
    const told = await scratch.spawn(args)
    expect(told.code).toBe(code)
    expect(told.stderr).toMatch(new RegExp(`^nexus-fs: .*\\(${name}\\)`))
    expect(told.stderr).not.toContain('    at ')
  })

  it.each([[['frobnicate']], [['ls', '--frobnicate']], [['cat']], [['find', '--type', 'x']], [['mounts', 'frob']], [['cat', '--range', 'x', '/a']], [['mv', '/a']], [['completion', 'tcsh']]])('%j is a usage error', async (args) => {
    const ran = await scratch.run(args)
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/^nexus-fs: [A-Zcm].* --help\.\n$/s)
    expect(JSON.parse((await scratch.run([...args, '--json'])).stderr)).toMatchObject({ error: { code: 'usage', exitCode: 2 } })
  })

  it.each([
    [['lss'], "nexus-fs: Unknown command 'lss'. Did you mean ls? See nexus-fs --help.\n"],
    [['cat'], "nexus-fs: Missing required argument 'PATH'. See nexus-fs cat --help.\n"],
    [['mounts', 'frob'], 'nexus-fs: Too many arguments: frob. See nexus-fs mounts --help.\n'],
  ])('%j is told in one sentence, with the help that tells more', async (args, told) => {
    expect((await scratch.run(args)).stderr).toBe(told)
  })

  it('a damaged mounts.json is told with its line', async () => {
    await mkdir(join(scratch.directory, 'state'))
    await writeFile(join(scratch.directory, 'state/mounts.json'), '{\n  "format": 1,\n  "mounts": [}\n')
    const ran = await scratch.run(['ls', '/'])
    expect(ran.code).toBe(20)
    expect(ran.stderr).toContain('mounts.json')
    expect((await scratch.run(['doctor'])).code).toBe(1)
  })
})

describe('a process of its own', () => {
  it('streams standard input in and a file out, byte for byte', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 251))
    await scratch.run(['mount', 'local://./data'])
    expect(await scratch.spawn(['write', '/local/data/a.bin'], { stdin: bytes })).toEqual({ code: 0, stdout: '', stderr: '' })
    const child = scratch.start(['cat', 'local://./data/a.bin'])
    const [read] = await Promise.all([buffer(child.stdout!), once(child, 'close')])
    expect(read.equals(bytes)).toBe(true)
  })

  it('success, findings and usage have their codes', async () => {
    expect((await scratch.spawn(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(await scratch.spawn(['help', 'exit-codes'])).toMatchObject({ code: 0, stderr: '' })
    await mkdir(join(scratch.directory, 'plain'))
    expect(await scratch.spawn(['find', 'local://./plain', '-name', 'x'])).toEqual({ code: 1, stdout: '', stderr: '' })
    expect(await scratch.spawn(['frobnicate'])).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('endings', () => {
  it('a reader that goes away ends it quietly', async () => {
    await mkdir(join(scratch.directory, 'plain'))
    await writeFile(join(scratch.directory, 'plain/big.bin'), Buffer.alloc(8 * 1024 * 1024, 'x\n'))
    const child = scratch.start(['cat', 'local://./plain/big.bin'])
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    await once(child.stdout!, 'data')
    child.stdout?.destroy()
    const [code] = (await once(child, 'close')) as [number | null]
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' })
  })

  it.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('%s ends it with %i and leaves what was there', async (signal, expected) => {
    await mkdir(join(scratch.directory, 'plain'))
    await writeFile(join(scratch.directory, 'plain/old.txt'), 'old')
    const child = scratch.start(['write', 'local://./plain/old.txt'])
    const ended = once(child, 'close') as Promise<[number | null]>
    // More than a pipe holds: when all of it is gone, the command has begun to write.
    await new Promise((resolve) => child.stdin?.write(Buffer.alloc(2 * 1024 * 1024), resolve))
    child.stdin?.on('error', () => undefined)
    child.kill(signal)
    expect((await ended)[0]).toBe(expected)
    expect((await scratch.run(['cat', 'local://./plain/old.txt'])).stdout).toBe('old')
    expect((await readdir(join(scratch.directory, 'plain'))).filter((name) => !name.startsWith('.nexus'))).toEqual(['old.txt'])
  })
})
