import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openCachedDirectory } from '../src/caching/open-cached-directory.ts'

const child = fileURLToPath(new URL('../src/caching/cache-child.ts', import.meta.url))

it('what one process writes is seen by another at once, also after one was killed in the middle', async () => {
  const root = await mkdtemp(join(tmpdir(), 'nexus-cache-'))
  const place = { data: join(root, 'data'), state: join(root, 'state') }
  await mkdir(place.data)
  const { backend, at } = await openCachedDirectory(place)
  try {
    const { etag } = await backend.write(at('file'), new TextEncoder().encode('parent'))
    expect((await backend.stat(at('file'))).etag).toBe(etag)
    expect(await run(place, 1)).toBe(0)
    expect(await backend.stat(at('file'))).toEqual(await backend.stat(at('file'), { fresh: true }))
    expect((await backend.stat(at('file'))).etag).not.toBe(etag)
    const writer = start(place, 100_000)
    await once(writer.stdout, 'data')
    writer.kill('SIGKILL')
    await once(writer, 'close')
    const own = await backend.write(at('file'), new TextEncoder().encode('parent again'))
    expect((await backend.stat(at('file'))).etag).toBe(own.etag)
    expect(await run(place, 1)).toBe(0)
    expect((await backend.stat(at('file'))).sizeBytes).toBe('child 0'.length)
  } finally {
    await backend.close()
    await rm(root, { recursive: true, force: true })
  }
})

interface Place {
  readonly data: string
  readonly state: string
}

function start({ data, state }: Place, count: number): ReturnType<typeof spawn> & { readonly stdout: NonNullable<ReturnType<typeof spawn>['stdout']> } {
  return spawn(process.execPath, ['--conditions=nexus-source', child, data, state, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function run(place: Place, count: number): Promise<unknown> {
  const running = start(place, count)
  running.stdout.resume()
  const [code] = (await once(running, 'close')) as unknown[]
  return code
}
