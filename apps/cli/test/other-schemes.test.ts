import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openScratch, type Scratch } from './cli-harness.ts'

const local = import.meta.resolve('@nexus/backend-local')

/** A package that nobody here knows: its scheme keeps repositories, as a bucket does, in prefixes of an authority. */
const source = `
import { localBackend } from ${JSON.stringify(local)}
import { join } from 'node:path'
import process from 'node:process'
const parse = ({ place }) => ({ dataDir: join(process.env.SHED, place), durability: 'fsync' })
const shed = {
  scheme: 'shed',
  contract: 1,
  fromUri: ({ authority, path }) => ({ place: join(authority, path) }),
  parseConfig: parse,
  open: localBackend.open,
  openStore: async (config, context) => ({ ...(await localBackend.openStore(config, context)), indexPath: undefined }),
  detectLayout: localBackend.detectLayout,
}
export default shed
`

let scratch: Scratch
beforeEach(async () => {
  scratch = await openScratch()
  process.env['SHED'] = join(scratch.directory, 'shed')
  const home = join(scratch.directory, 'nexus-home/backends')
  const directory = join(home, 'node_modules/nexus-backend-shed')
  await mkdir(directory, { recursive: true })
  await writeFile(join(home, 'package.json'), JSON.stringify({ dependencies: { 'nexus-backend-shed': '1.0.0' } }))
  const manifest = { contract: 1, schemes: { shed: { summary: 'a shed' } } }
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'nexus-backend-shed', version: '1.0.0', type: 'module', exports: './index.js', nexus: manifest }))
  await writeFile(join(directory, 'index.js'), source)
})
afterEach(async () => {
  delete process.env['SHED']
  await scratch[Symbol.asyncDispose]()
})

it('a repository of any backend is cared for, by mount point and by URI, and found along the URI', async () => {
  expect(await scratch.run(['mount', '--at', '/garden', 'shed://old/tools?layout=cas'])).toMatchObject({ code: 0 })
  await scratch.run(['write', '--text', 'rake', '/garden/rake.txt'])
  for (const place of ['/garden', '/garden/rake.txt', 'shed://old/tools', 'shed://old/tools/rake.txt']) {
    for (const verb of ['gc', 'compact', 'fsck', 'scrub']) expect(await scratch.run([verb, place])).toMatchObject({ code: 0, stderr: '' })
  }
  expect((await scratch.run(['fsck', 'shed://old'])).code).toBe(24)
  expect((await scratch.run(['fsck', 'shed://new/tools'])).code).toBe(10)
})

it('backups go to any backend, and come back from it', async () => {
  await scratch.run(['mount', 'local://./data'])
  await scratch.run(['write', '--text', 'kept', '/local/data/a.txt'])
  await mkdir(join(scratch.directory, 'shed/vault/data'), { recursive: true })
  expect(await scratch.run(['backup', '/local/data', 'shed://vault/data'])).toMatchObject({ code: 0, stderr: '' })
  expect(await scratch.run(['backup', '--restore', 'shed://vault/data', './back'])).toMatchObject({ code: 0, stderr: '' })
  expect((await scratch.run(['cat', 'local://./back/a.txt'])).stdout).toBe('kept')
})
