import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jsonLines, openScratch, type Scratch } from './cli-harness.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await openScratch()
  await scratch.run(['mount', 'local://./data'])
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('files', () => {
  it('writes standard input, appends, reads back byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7)
    expect((await scratch.run(['write', '/local/data/a/b.bin'], { stdin: bytes })).code).toBe(0)
    await scratch.run(['append', '--text', 'end', '/local/data/a/b.bin'])
    expect((await scratch.run(['cat', '--range', '-3', '/local/data/a/b.bin'])).stdout).toBe('end')
    const stat = JSON.parse((await scratch.run(['stat', '--json', '/local/data/a/b.bin'])).stdout) as { sizeBytes: number; digest: string }
    expect(stat.sizeBytes).toBe(100_003)
    expect(stat.digest).toMatch(/^blake3:[0-9a-f]{64}$/)
  })

  it('writes only when nothing is there, when asked', async () => {
    await scratch.run(['write', '--text', 'one', '/local/data/a.txt'])
    expect((await scratch.run(['write', '--if-absent', '--text', 'two', '/local/data/a.txt'])).code).toBe(15)
    expect((await scratch.run(['cat', '/local/data/a.txt'])).stdout).toBe('one')
  })

  it('lists for people and for programs', async () => {
    await scratch.run(['write', '--text', 'x', '/local/data/sub/a.txt'])
    expect((await scratch.run(['ls', '/'])).stdout).toBe('local/\n')
    expect((await scratch.run(['ls', '-r', '/local/data'])).stdout).toBe('sub/\nsub/a.txt\n')
    expect((await scratch.run(['ls', '-lR', '/local/data'])).stdout).toMatch(/^d +- .* sub\/\n- +1 B .* sub\/a\.txt\n$/)
    const lines = jsonLines((await scratch.run(['ls', '-r', '--json', '/local/data'])).stdout)
    expect(lines).toMatchObject([{ path: '/local/data/sub', kind: 'directory' }, { path: '/local/data/sub/a.txt', kind: 'file', sizeBytes: 1 }])
    expect((await scratch.run(['tree', '/'])).stdout).toBe('/\n└── local\n    └── data\n        └── sub\n            └── a.txt\n\n3 directories, 1 file\n')
  })

  it('draws nothing of a tree that is not there', async () => {
    expect(await scratch.run(['tree', '/local/data/nothing'])).toMatchObject({ code: 10, stdout: '' })
  })

  it('moves, makes and deletes', async () => {
    await scratch.run(['write', '--text', 'x', '/local/data/a.txt'])
    await scratch.run(['mkdir', '-p', '/local/data/deep/er'])
    expect((await scratch.run(['mv', '/local/data/a.txt', '/local/data/deep/er'])).code).toBe(0)
    expect((await scratch.run(['rm', '/local/data/deep'])).code).toBe(14)
    expect((await scratch.run(['cat', '/local/data/deep/er/a.txt'])).stdout).toBe('x')
    expect((await scratch.run(['rm', '-r', '/local/data/deep'])).code).toBe(0)
    expect((await scratch.run(['rm', '/local/data/deep'])).code).toBe(10)
    expect((await scratch.run(['rm', '-f', '/local/data/deep'])).code).toBe(0)
  })

  it('edits, showing the difference, and brings versions back', async () => {
    await scratch.run(['write', '--text', 'port = 80\n', '/local/data/app.conf'])
    const dry = await scratch.run(['edit', '--dry-run', '--old', '80', '--new', '8080', '/local/data/app.conf'])
    expect(dry.stdout).toContain('-port = 80\n+port = 8080\n')
    expect((await scratch.run(['cat', '/local/data/app.conf'])).stdout).toBe('port = 80\n')
    await scratch.run(['edit', '--old', '80', '--new', '8080', '/local/data/app.conf'])
    expect((await scratch.run(['edit', '--old', 'nowhere', '--new', 'x', '/local/data/app.conf'])).code).toBe(18)
    expect(jsonLines((await scratch.run(['versions', '--json', '/local/data/app.conf'])).stdout)).toMatchObject([{ current: true, sizeBytes: 12 }, { current: false, sizeBytes: 10 }])
    await scratch.run(['restore', '/local/data/app.conf'])
    expect((await scratch.run(['cat', '/local/data/app.conf'])).stdout).toBe('port = 80\n')
  })

  it('an earlier version is read, looked at and restored by its number', async () => {
    for (const text of ['first', 'second', 'third']) await scratch.run(['write', '--text', text, '/local/data/a.txt'])
    const [, , first] = jsonLines((await scratch.run(['versions', '--json', '/local/data/a.txt'])).stdout)
    const version = String(first?.['version'])
    expect((await scratch.run(['cat', '--version', version, '/local/data/a.txt'])).stdout).toBe('first')
    expect(jsonLines((await scratch.run(['stat', '--json', '--version', version, '/local/data/a.txt'])).stdout)).toMatchObject([{ sizeBytes: 5, version }])
    expect((await scratch.run(['restore', '--version', version, '/local/data/a.txt'])).stdout).toMatch(/^Restored \/local\/data\/a\.txt as version \d+\.\n$/)
    expect((await scratch.run(['cat', '/local/data/a.txt'])).stdout).toBe('first')
    const ran = await scratch.run(['restore', '--version', '99', '/local/data/a.txt'])
    expect({ code: ran.code, told: ran.stderr.includes('nexus-fs versions lists') }).toEqual({ code: 10, told: true })
  })

  it('restores a deleted file', async () => {
    await scratch.run(['write', '--text', 'kept', '/local/data/a.txt'])
    await scratch.run(['rm', '/local/data/a.txt'])
    expect((await scratch.run(['restore', '/local/data/a.txt'])).code).toBe(0)
    expect((await scratch.run(['cat', '/local/data/a.txt'])).stdout).toBe('kept')
  })

  it('keeps snapshots until they are deleted', async () => {
    await scratch.run(['write', '--text', 'monday', '/local/data/a.txt'])
    await scratch.run(['snapshot', 'create', '/local/data', 'monday'])
    await scratch.run(['write', '--text', 'tuesday', '/local/data/a.txt'])
    expect((await scratch.run(['cat', '--snapshot', 'monday', '/local/data/a.txt'])).stdout).toBe('monday')
    expect((await scratch.run(['snapshot', 'create', '/local/data', 'monday'])).code).toBe(11)
    expect(jsonLines((await scratch.run(['snapshot', 'list', '--json', '/local/data'])).stdout)).toMatchObject([{ name: 'monday' }])
    await scratch.run(['restore', '--snapshot', 'monday', '/local/data/a.txt'])
    expect((await scratch.run(['cat', '/local/data/a.txt'])).stdout).toBe('monday')
    await scratch.run(['snapshot', 'delete', '/local/data', 'monday'])
    expect((await scratch.run(['snapshot', 'list', '/local/data'])).stdout).toBe('NAME  CREATED  VERSION  PATH\n')
  })

  describe('a directory of a snapshot', () => {
    beforeEach(async () => {
      await scratch.run(['write', '--text', 'one', '/local/data/dir/one.txt'])
      await scratch.run(['write', '--text', 'two', '/local/data/dir/sub/two.txt'])
      await scratch.run(['mkdir', '/local/data/dir/empty'])
      await scratch.run(['snapshot', 'create', '/local/data/dir', 'monday'])
    })
    const restored = async (...more: string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
      scratch.run(['restore', '--snapshot', 'monday', ...more, '/local/data/dir'])

    it('is restored file by file: what changed is written, what did not is left alone, what came later stays', async () => {
      await scratch.run(['write', '--text', 'changed', '/local/data/dir/one.txt'])
      await scratch.run(['write', '--text', 'later', '/local/data/dir/later.txt'])
      expect(JSON.parse((await restored('--json')).stdout)).toEqual({ files: 1, bytes: 3, directories: 2, unchanged: 1, failures: 0 })
      expect((await scratch.run(['cat', '/local/data/dir/one.txt', '/local/data/dir/later.txt'])).stdout).toBe('onelater')
      expect((await restored()).stdout).toBe('Restored 0 files, 0 B; 2 files unchanged.\n')
    })

    it('comes back whole when it is gone', async () => {
      await scratch.run(['rm', '-r', '/local/data/dir'])
      expect(await restored()).toEqual({ code: 0, stdout: 'Restored 2 files, 6 B.\n', stderr: '' })
      expect((await scratch.run(['ls', '-r', '/local/data'])).stdout).toBe('dir/\ndir/empty/\ndir/one.txt\ndir/sub/\ndir/sub/two.txt\n')
    })

    it('a file that cannot be restored does not keep the others from it, and is told', async () => {
      await scratch.run(['rm', '-r', '/local/data/dir/sub'])
      await scratch.run(['write', '--text', 'in the way', '/local/data/dir/sub'])
      await scratch.run(['write', '--text', 'changed', '/local/data/dir/one.txt'])
      const ran = await restored('--json')
      expect(JSON.parse(ran.stdout)).toMatchObject({ files: 1, failures: 2 })
      expect(jsonLines(ran.stderr)).toHaveLength(2)
      expect(ran.code).toBeGreaterThanOrEqual(10)
    })

    it('what is not there is told: the snapshot, a file in it, a version of a directory', async () => {
      expect((await scratch.run(['restore', '--snapshot', 'tuesday', '/local/data/dir'])).stderr).toContain('There is no snapshot "tuesday"')
      await scratch.run(['write', '--text', 'later', '/local/data/dir/later.txt'])
      expect(await scratch.run(['restore', '--snapshot', 'monday', '/local/data/dir/later.txt'])).toMatchObject({ code: 10, stdout: '' })
      const ran = await scratch.run(['restore', '/local/data/dir'])
      expect({ code: ran.code, told: ran.stderr.includes('nexus-fs restore --snapshot NAME PATH') }).toEqual({ code: 12, told: true })
      expect((await scratch.run(['restore', '--snapshot', 'monday', '--version', '1', '/local/data/dir'])).code).toBe(2)
    })
  })

  it('finds by name, kind, size and age, and says so when nothing is there', async () => {
    await scratch.run(['write', '--text', 'small', '/local/data/a.md'])
    await scratch.run(['write', '/local/data/sub/big.MD'], { stdin: 'x'.repeat(5000) })
    expect((await scratch.run(['find', '/local/data', '-name', '*.md'])).stdout).toBe('/local/data/a.md\n')
    expect((await scratch.run(['find', '/local/data', '-iname', '*.md', '-size', '+1k'])).stdout).toBe('/local/data/sub/big.MD\n')
    expect((await scratch.run(['find', '/', '-type', 'd', '-name', 's[a-u]b'])).stdout).toBe('/local/data/sub\n')
    expect((await scratch.run(['find', '/local/data', '--newer', '/local/data/a.md', '-type', 'f'])).stdout).toBe('/local/data/sub/big.MD\n')
    const none = await scratch.run(['find', '/local/data', '-name', '*.png'])
    expect(none).toMatchObject({ code: 1, stdout: '', stderr: '' })
    expect((await scratch.run(['find', '/local/data', '-name', '[a'])).code).toBe(18)
  })

  it('greps', async () => {
    await scratch.run(['write', '--text', 'one\nTwo two\nthree\n', '/local/data/a.txt'])
    expect((await scratch.run(['grep', '-i', '^two', '/local/data'])).stdout).toBe('/local/data/a.txt:2:Two two\n')
    expect((await scratch.run(['grep', '-l', 'o', '/'])).stdout).toBe('/local/data/a.txt\n')
    expect(jsonLines((await scratch.run(['grep', '--json', 'three', '/local/data'])).stdout)).toEqual([{ path: '/local/data/a.txt', line: 3, column: 1, text: 'three' }])
    expect((await scratch.run(['grep', 'four', '/local/data'])).code).toBe(1)
    expect((await scratch.run(['grep', '(', '/local/data'])).code).toBe(18)
  })

  it('tells what trees hold and take', async () => {
    for (const name of ['a', 'b']) await scratch.run(['write', `/local/data/${name}`], { stdin: 'same'.repeat(1000) })
    expect(JSON.parse((await scratch.run(['du', '--json', '/local/data'])).stdout)).toMatchObject({ files: 2, logicalBytes: 8000, storedBytes: 4000 })
  })
})

describe('URIs on the command line', () => {
  it('need no mount, and stay URIs in what is printed', async () => {
    await mkdir(join(scratch.directory, 'plain/sub'), { recursive: true })
    await writeFile(join(scratch.directory, 'plain/sub/a.txt'), 'plain')
    expect((await scratch.run(['cat', 'local://./plain/sub/a.txt'])).stdout).toBe('plain')
    expect((await scratch.run(['find', 'local://./plain', '-type', 'f'])).stdout).toBe('local://./plain/sub/a.txt\n')
    expect((await scratch.run(['ls', '-r', 'local://./plain'])).stdout).toBe('sub/\nsub/a.txt\n')
    expect((await scratch.run(['write', '--text', 'new', 'local://./plain/new.txt'])).code).toBe(0)
    expect((await scratch.run(['cat', '--json', 'local://./plain/none'])).stderr).toContain('"path":"local://./plain/none"')
    expect((await scratch.run(['mounts', 'list', '--json'])).stdout.trim().split('\n')).toHaveLength(1)
  })

  it('find the repository that holds them', async () => {
    await scratch.run(['write', '--text', 'x', '/local/data/sub/a.txt'])
    expect((await scratch.run(['cat', 'local://./data/sub/a.txt'])).stdout).toBe('x')
  })
})
