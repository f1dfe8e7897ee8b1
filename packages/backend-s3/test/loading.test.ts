import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('import loads nothing of the SDK; opening does', async () => {
  const child = join(import.meta.dirname, 'loading-child.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=nexus-source', child])
  const { imported, opened } = JSON.parse(stdout) as { imported: string[]; opened: string[] }
  expect(imported).toEqual([])
  expect(opened).not.toEqual([])
})

it('the package exports these names', async () => {
  expect(Object.keys(await import('../src/index.ts')).sort()).toEqual(['default', 'discoverCredentials', 'openS3Store', 'parseS3Config', 's3Backend'])
})
