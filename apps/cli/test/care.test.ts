import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await openScratch()
  await scratch.run(['mount', 'local://./data'])
  await scratch.run(['write', '/local/data/big.bin'], { stdin: Buffer.alloc(500_000, 'big') })
  await scratch.run(['write', '/local/data/small.txt'], { stdin: 'small' })
})
afterEach(() => scratch[Symbol.asyncDispose]())

/** Turns a bit of the one large content. */
async function damageContent(): Promise<void> {
  const cas = join(scratch.directory, 'data/cas')
  const [file] = (await readdir(cas, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  await using handle = await open(join(file!.parentPath, file!.name), 'r+')
  await handle.write(Uint8Array.of(0xff), 0, 1, 1000)
}

describe('care of a repository', () => {
  it('fsck, gc, compact and scrub find a sound repository sound', async () => {
    const before = JSON.parse((await scratch.run(['fsck', '--json', '/local/data'])).stdout) as object
    expect(before).toMatchObject({ ok: true, commits: 2, files: 2, problems: [] })
    await scratch.run(['rm', '/local/data/big.bin'])
    const collected = JSON.parse((await scratch.run(['gc', '--keep-for', '0s', '--json', '/local/data'])).stdout) as { bytes: number }
    expect(collected.bytes).toBeGreaterThanOrEqual(500_000)
    expect((await scratch.run(['compact', '/local/data'])).code).toBe(0)
    expect((await scratch.run(['scrub', 'local://./data'])).stdout).toMatch(/^Read 1 content of 5 B; 0 problems\.\n$/)
    expect((await scratch.run(['fsck', '--read-data', '/local/data/small.txt'])).code).toBe(0)
    expect((await scratch.run(['cat', '/local/data/small.txt'])).stdout).toBe('small')
  })

  it('gc keeps history when told to', async () => {
    await scratch.run(['write', '--text', 'newer', '/local/data/big.bin'])
    expect(await scratch.run(['gc', '--no-retention', '--keep-for', '0s', '/local/data'])).toMatchObject({ code: 0, stderr: '' })
    expect(await scratch.run(['restore', '/local/data/big.bin'])).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse((await scratch.run(['stat', '--json', '/local/data/big.bin'])).stdout)).toMatchObject({ sizeBytes: 500_000 })
  })

  it('a damaged content is told by its path, never served, and ends with 1', async () => {
    await damageContent()
    const ran = await scratch.run(['fsck', '--read-data', '--json', '/local/data'])
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, problems: [{ kind: 'content', path: '/local/data/big.bin' }] })
    expect((await scratch.run(['fsck', '--read-data', '/local/data'])).stdout).toMatch(/^content {2}\/local\/data\/big\.bin/)
    expect((await scratch.run(['cat', '/local/data/big.bin'])).code).toBe(25)
    expect((await scratch.run(['scrub', '/local/data'])).code).toBe(1)
  })

  it('a backup is brought back whole, and a second one copies only what is new', async () => {
    expect(JSON.parse((await scratch.run(['backup', '--json', '/local/data', './copy'])).stdout)).toMatchObject({ contents: 2, kept: 0, problems: [] })
    await scratch.run(['write', '--text', 'later', '/local/data/later.txt'])
    expect(JSON.parse((await scratch.run(['backup', '--json', '/local/data', './copy'])).stdout)).toMatchObject({ contents: 1, kept: 2 })
    expect((await scratch.run(['backup', '--restore', './copy', './restored'])).code).toBe(0)
    expect((await scratch.run(['ls', 'local://./restored'])).stdout).toBe('big.bin\nlater.txt\nsmall.txt\n')
    expect((await scratch.run(['fsck', '--read-data', 'local://./restored'])).code).toBe(0)
    expect((await scratch.run(['backup', '--restore', './copy', './restored'])).code).toBe(11)
    expect((await scratch.run(['backup', '--restore', './nowhere', './elsewhere'])).code).toBe(10)
  })

  it('a lost nexus.json is written again', async () => {
    await rm(join(scratch.directory, 'data/nexus.json'))
    expect((await scratch.run(['cat', '/local/data/small.txt'])).code).toBe(25)
    expect((await scratch.run(['fsck', '/local/data'])).code).toBe(1)
    expect((await scratch.run(['fsck', '--repair', '/local/data'])).code).toBe(0)
    expect((await scratch.run(['cat', '/local/data/small.txt'])).stdout).toBe('small')
  })
})
