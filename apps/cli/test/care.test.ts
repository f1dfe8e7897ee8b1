import { mkdir, open, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await openScratch()
  await scratch.run(['mount', 'local://./data'])
  await scratch.run(['write', '/local/data/big.bin'], { stdin: Buffer.alloc(500_000, 'big') })
  await scratch.run(['write', '/local/data/small.txt'], { stdin: 'small' })
})
afterEach(() => scratch[Symbol.asyncDispose]())

/** Turns a bit of the one large content. */
async function damageContent(place = 'data'): Promise<void> {
  const cas = join(scratch.directory, place, 'cas')
  const [file] = (await readdir(cas, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  await using handle = await open(join(file!.parentPath, file!.name), 'r+')
  await handle.write(Uint8Array.of(0xff), 0, 1, 1000)
}

describe('care of a repository', () => {
  it('a mount that is read-only is looked at, and never changed', async () => {
    await scratch.run(['unmount', '/local/data'])
    await scratch.run(['mount', '--readonly', 'local://./data'])
    for (const args of [['gc', '--keep-for', '0s'], ['compact'], ['fsck', '--repair']]) expect(await scratch.run([...args, '/local/data'])).toMatchObject({ code: 23, stdout: '' })
    expect((await scratch.run(['fsck', '--read-data', '/local/data'])).code).toBe(0)
    expect((await scratch.run(['backup', '/local/data', './copy'])).code).toBe(0)
  })

  it('before its first write there is nothing to care for', async () => {
    await scratch.run(['mount', '--at', '/empty', 'local://./empty?layout=cas'])
    for (const verb of ['gc', 'compact', 'fsck', 'scrub']) expect(await scratch.run([verb, '/empty'])).toMatchObject({ code: 10, stdout: '' })
  })

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
    expect((await scratch.run(['write', '--text', 'newer', '/local/data/big.bin'])).code).toBe(0)
    // Two versions and not three: a commit that was written twice would be restored to itself.
    const versions = [{ current: true, sizeBytes: 5 }, { current: false, sizeBytes: 500_000 }]
    expect(jsonLines((await scratch.run(['versions', '--json', '/local/data/big.bin'])).stdout)).toEqual(versions.map((version) => expect.objectContaining(version) as unknown))
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
  })

  it('a backup is brought back into an empty mount too', async () => {
    await scratch.run(['backup', '/local/data', './copy'])
    await scratch.run(['mount', '--at', '/again', 'local://./again'])
    expect((await scratch.run(['backup', '--restore', './copy', '/again'])).code).toBe(0)
    expect((await scratch.run(['cat', '/again/small.txt'])).stdout).toBe('small')
  })

  it('a damaged backup is brought back as far as it goes, and tells which files are damaged', async () => {
    await scratch.run(['backup', '/local/data', './copy'])
    await damageContent('copy')
    const ran = await scratch.run(['backup', '--restore', '--json', './copy', './restored'])
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({ contents: 1, problems: [{ kind: 'content', path: 'local://./restored/big.bin' }] })
    expect((await scratch.run(['cat', 'local://./restored/small.txt'])).stdout).toBe('small')
    expect((await scratch.run(['cat', 'local://./restored/big.bin'])).code).toBe(25)
  })

  it('a backup without a whole checkpoint is told as damaged, not as absent', async () => {
    await scratch.run(['backup', '/local/data', './copy'])
    const [checkpoint = ''] = await readdir(join(scratch.directory, 'copy/checkpoints'))
    await truncate(join(scratch.directory, 'copy/checkpoints', checkpoint), 40)
    expect(await scratch.run(['backup', '--restore', './copy', './restored'])).toMatchObject({ code: 25, stdout: '' })
    await rm(join(scratch.directory, 'copy/checkpoints'), { recursive: true })
    expect(await scratch.run(['backup', '--restore', './copy', './restored'])).toMatchObject({ code: 25, stdout: '' })
    expect((await scratch.run(['backup', '/local/data', './copy'])).code).toBe(0)
    expect((await scratch.run(['backup', '--restore', './copy', './restored'])).code).toBe(0)
  })

  it.each([
    [['--restore', './copy', './full'], 14, 'not_empty'],
    [['--restore', './copy', './data'], 11, 'already_exists'],
    [['--restore', './nowhere', './elsewhere'], 10, 'not_found'],
    [['--restore', './full', './elsewhere'], 10, 'not_found'],
    [['--restore', './data', './elsewhere'], 18, 'invalid_argument'],
    [['/local/data', './full'], 14, 'not_empty'],
    [['/local/data', './data'], 11, 'already_exists'],
    [['/local/data', '/local/data/copy'], 18, 'invalid_argument'],
    [['/local/data', './full/file'], 20, 'invalid_config'],
    [['local://./full', './elsewhere'], 24, 'unsupported'],
    [['/nowhere', './elsewhere'], 21, 'mount_not_found'],
  ])('backup %j fails with %i (%s) and changes nothing', async (args, code, name) => {
    await mkdir(join(scratch.directory, 'full'))
    await writeFile(join(scratch.directory, 'full/file'), 'somebody else\'s')
    await scratch.run(['backup', '/local/data', './copy'])
    const before = await readdir(scratch.directory, { recursive: true })
    const ran = await scratch.run(['backup', '--json', ...args])
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' })
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: name } })
    expect(await readdir(scratch.directory, { recursive: true })).toEqual(before)
  })

  it('a lost nexus.json is written again', async () => {
    await rm(join(scratch.directory, 'data/nexus.json'))
    expect((await scratch.run(['cat', '/local/data/small.txt'])).code).toBe(25)
    expect((await scratch.run(['fsck', '/local/data'])).code).toBe(1)
    expect((await scratch.run(['fsck', '--repair', '/local/data'])).code).toBe(0)
    expect((await scratch.run(['cat', '/local/data/small.txt'])).stdout).toBe('small')
  })
})
