import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePath } from '@nexus/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CopyContext } from '../src/copy/copy-context.ts'
import { hostTree } from '../src/copy/host-tree.ts'
import { readWhole } from '../src/copy/read-whole.ts'
import { takeIn } from '../src/copy/take-in.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-take-in-'))
})
afterEach(() => rm(root, { recursive: true }))

/** Takes the tree in; before the first file is stored, `disturb` happens. */
async function takenIn(disturb: () => Promise<void>): Promise<Map<string, string>> {
  const stored = new Map<string, string>()
  let disturbed: Promise<void> | undefined
  const write = async (path: string, body: Uint8Array): Promise<void> => {
    await (disturbed ??= disturb())
    stored.set(path, Buffer.from(body).toString())
  }
  const counts = { files: 0, bytes: 0, directories: 0, links: 0, specials: 0, existing: 0, failures: 0, told: [] }
  const context = {
    cli: { signal: new AbortController().signal },
    session: { fs: { write } }, counts, progress: { isShown: false, update: () => undefined }, verify: false, replaces: true, recursive: true,
  }
  await takeIn(context as unknown as CopyContext, root, parsePath('/t'))
  expect(counts).toMatchObject({ files: stored.size, failures: 0 })
  return stored
}

it('what vanishes after its directory was listed is no failure', async () => {
  for (let index = 0; index < 80; index++) await writeFile(join(root, `file-${index}`), 'x')
  await mkdir(join(root, 'last'))
  const stored = await takenIn(async () => {
    await rm(join(root, 'last'), { recursive: true })
    await rm(join(root, 'file-9'))
  })
  expect([stored.size, stored.has('/t/file-9')]).toEqual([79, false])
})

it('a directory that is not there is told, when it is the one that was named', async () => {
  const entries = await Array.fromAsync(hostTree(Buffer.from(join(root, 'absent')), parsePath('/t')))
  expect(entries).toMatchObject([{ kind: 'unreadable', error: { code: 'not_found' } }])
})

it.each([0, 3, 5, 9])('a file of 5 bytes that seemed to have %d is read as it is', async (sizeBytes) => {
  await writeFile(join(root, 'file'), 'hello')
  await using handle = await open(join(root, 'file'))
  expect(Buffer.from(await readWhole(handle, sizeBytes)).toString()).toBe('hello')
})
