import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('exports these names', async () => {
  expect(Object.keys(await import('@nexus/backend-gcs')).sort()).toMatchInlineSnapshot(`
    [
      "default",
      "gcsBackend",
      "openGcsObjectStore",
    ]
  `)
})

it('loads no library of Google before a bucket is opened', () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import('@nexus/backend-gcs')
    console.log(JSON.stringify(loaded.filter((url) => /google-auth-library|gaxios|hash-wasm/.test(url))), loaded.length > 20)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=nexus-source', '--input-type=module', '-e', script], { cwd: import.meta.dirname, encoding: 'utf8' })
  expect({ stdout, stderr }).toEqual({ stdout: '[] true\n', stderr: '' })
})
