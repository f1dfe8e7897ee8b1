import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')
// Beside this package, so that imports resolve as they do for a user of it.
const scratch = join(import.meta.dirname, '..', '.documentation')
const run = promisify(execFile)

async function pages(): Promise<string[]> {
  const docs = (await readdir(join(root, 'docs'), { recursive: true })).map((name) => join('docs', name))
  const packages = (await Promise.all(['packages', 'apps'].map(async (folder) => (await readdir(join(root, folder))).map((name) => join(folder, name, 'README.md'))))).flat()
  const all = ['README.md', 'CONTRIBUTING.md', ...docs.filter((name) => name.endsWith('.md')), ...packages]
  const texts = await Promise.all(all.map(async (name) => ({ name, exists: await readFile(join(root, name)).then(() => true, () => false) })))
  return texts.filter(({ exists }) => exists).map(({ name }) => name)
}

/** The TypeScript blocks of a page, but for those marked `nocheck`, which show a file of somebody else's project, or need somebody's bucket. */
async function blocks(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '').filter((code) => code.includes('import '))
}

const found = (await Promise.all((await pages()).map(async (page) => (await blocks(page)).map((code, index) => ({ page, index, code }))))).flat()

describe('documentation', () => {
  beforeAll(() => mkdir(scratch, { recursive: true }))
  afterAll(() => rm(scratch, { recursive: true, force: true }))

  it('has code to run', () => expect(found.length).toBeGreaterThan(0))

  for (const { page, index, code } of found) {
    it(`${page}, block ${index + 1} runs`, async () => {
      const cwd = await mkdtemp(join(tmpdir(), 'nexus-documentation-'))
      const file = join(scratch, `${page.replaceAll(/[^a-z]/gi, '-')}-${index}.ts`)
      try {
        await writeFile(file, code)
        await run(process.execPath, ['--conditions=nexus-source', file], { cwd, env: { ...process.env, NEXUS_FS_STATE_DIR: join(cwd, 'state'), NEXUS_HOME: join(cwd, 'home') } })
      } finally {
        await rm(cwd, { recursive: true, force: true })
      }
    })
  }

  it('links to files that exist', async () => {
    const broken: string[] = []
    for (const page of await pages()) {
      const text = await readFile(join(root, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
        const file = join(root, page, '..', target)
        const exists = await readFile(file).then(() => true, (error: unknown) => (error as NodeJS.ErrnoException).code === 'EISDIR')
        if (!exists) broken.push(`${page}: ${relative(root, file)}`)
      }
    }
    expect(broken).toEqual([])
  })
})
