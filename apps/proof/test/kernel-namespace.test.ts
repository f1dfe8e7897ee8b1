import { openMemory } from '@nexus/backend-memory'
import { type ServiceHealth, unavailableBackend } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { at, bytes, fails, kernelWith, names, textOf } from './kernel-support.ts'

describe('The namespace above and below mount points', () => {
  it('shows directories that only mounts need', async () => {
    const kernel = await kernelWith({ '/s3/b': undefined, '/s3/a-b': undefined, '/s3/a': undefined, '/gcs/x/y': undefined })
    expect(await kernel.stat(at('/s3'))).toEqual({ path: '/s3', kind: 'directory', metadata: {} })
    expect(await names(kernel.list(at('/')))).toEqual(['/gcs/', '/s3/'])
    expect(await names(kernel.list(at('/s3')))).toEqual(['/s3/a-b/', '/s3/a/', '/s3/b/'])
    expect(await names(kernel.list(at('/'), { recursive: true }))).toEqual(['/gcs/', '/gcs/x/', '/gcs/x/y/', '/s3/', '/s3/a-b/', '/s3/a/', '/s3/b/'])
    expect(await (await kernelWith({})).stat(at('/'))).toMatchObject({ kind: 'directory' })
    expect(await names((await kernelWith({})).list(at('/')))).toEqual([])
  })

  it('says mount_not_found where nothing is mounted', async () => {
    const kernel = await kernelWith({ '/a': undefined })
    await fails(kernel.stat(at('/b/c')), 'mount_not_found')
    await fails(kernel.write(at('/b'), bytes('x')), 'mount_not_found')
    await fails(names(kernel.list(at('/b'))), 'mount_not_found')
    await fails(kernel.read(at('/')), 'is_directory')
  })

  it('merges what the mount above keeps with what the mounts below need, in order, each once', async () => {
    const above = openMemory()
    for (const path of ['/m/hidden.txt', '/m!', '/a.txt', '/z/y.txt', '/only']) await above.write(at(path), bytes('above'))
    const kernel = await kernelWith({ '/': { backend: above }, '/m': undefined, '/z/deep/er': undefined, '/only/below': undefined })
    await kernel.write(at('/m/inside.txt'), bytes('inside'))
    expect(await names(kernel.list(at('/')))).toEqual(['/a.txt', '/m!', '/m/', '/only/', '/z/'])
    const whole = ['/a.txt', '/m!', '/m/', '/only/', '/only/below/', '/z/', '/z/deep/', '/z/deep/er/', '/z/y.txt']
    expect(await names(kernel.list(at('/'), { recursive: true }))).toEqual(whole)
    const crossed = whole.flatMap((path) => (path === '/m/' ? [path, '/m/inside.txt'] : [path]))
    expect(await names(kernel.list(at('/'), { recursive: true, crossMounts: true }))).toEqual(crossed)
    for (const [index, path] of crossed.entries()) {
      const startAfter = path.slice(1)
      expect(await names(kernel.list(at('/'), { recursive: true, crossMounts: true, startAfter }))).toEqual(crossed.slice(index + 1))
      expect(await names(kernel.list(at('/'), { recursive: true, crossMounts: true, startAfter: startAfter.replace(/\/$/, ''), limit: 2 }))).toEqual(
        crossed.slice(index + 1, index + 3),
      )
    }
    expect(await kernel.stat(at('/only'))).toEqual({ path: '/only', kind: 'directory', metadata: {} })
  })

  it('stops with busy where a mount would be lost', async () => {
    const kernel = await kernelWith({ '/': undefined, '/a/b/mount': undefined })
    await kernel.write(at('/a/b/file'), bytes('kept'))
    for (const path of ['/a', '/a/b', '/a/b/mount']) {
      await fails(kernel.delete(at(path), { recursive: true, force: true }), 'busy')
      await fails(kernel.rename(at(path), at('/elsewhere'), { allowNonAtomic: true }), 'busy')
    }
    await fails(kernel.rename(at('/a/b/file'), at('/a/b/mount')), 'is_directory')
    await fails(kernel.copy(at('/a/b/file'), at('/a/b')), 'is_directory')
    await fails(kernel.copy(at('/a/b'), at('/copy')), 'is_directory')
    await fails(kernel.write(at('/a/b'), bytes('x')), 'is_directory')
    expect(await textOf(kernel, '/a/b/file')).toBe('kept')
  })

  it('makes a directory below one that only mounts need', async () => {
    const kernel = await kernelWith({ '/': undefined, '/a/mount': undefined })
    await fails(kernel.mkdir(at('/a')), 'already_exists')
    await kernel.mkdir(at('/a'), { recursive: true })
    await kernel.mkdir(at('/a/new'))
    expect(await names(kernel.list(at('/a')))).toEqual(['/a/mount/', '/a/new/'])
  })

  it('keeps /__sys__ and /__pipes__ for itself, readable, listable, and above every priority', async () => {
    const kernel = await kernelWith({ '/': { priority: 1000 }, '/down': { backend: unavailableBackend('s3', 'The key is wrong.'), priority: 1000 } })
    expect(await names(kernel.list(at('/__sys__')))).toEqual(['/__sys__/health.json', '/__sys__/metrics', '/__sys__/mounts.json', '/__sys__/version'])
    expect(await names(kernel.list(at('/')))).toEqual(['/down/'])
    expect(await textOf(kernel, '/__sys__/version')).toBe('1.2.3\n')
    const mounts: unknown = JSON.parse(await textOf(kernel, '/__sys__/mounts.json'))
    expect(mounts).toMatchObject([
      { mountPoint: '/', state: 'active' },
      { mountPoint: '/down', state: 'unavailable' },
    ])
    const health: unknown = JSON.parse(await textOf(kernel, '/__sys__/health.json'))
    expect(health).toMatchObject({ status: 'degraded', mounts: [{}, { reason: 'The key is wrong.' }] })
    expect(kernel.health().mounts[0]).not.toHaveProperty('latencyMs.read')
    await fails(kernel.stat(at('/missing')), 'not_found')
    expect(kernel.health().mounts[0]?.latencyMs['stat']).toEqual({ median: expect.any(Number) as unknown, p95: expect.any(Number) as unknown })
    expect(await textOf(kernel, '/__sys__/metrics')).toContain('nexus_operation_errors_total{mount="/",op="stat",code="not_found"} 1')
    for (const path of ['/__sys__/version', '/__sys__/new', '/__pipes__/new']) await fails(kernel.write(at(path), bytes('x')), 'read_only')
    await fails(kernel.delete(at('/__sys__/version')), 'read_only')
    await fails(kernel.delete(at('/__sys__'), { recursive: true }), 'busy')
    await fails(kernel.read(at('/__pipes__/x')), 'not_found')
    for (const mountPoint of ['/__sys__', '/__sys__/x', '/__pipes__/deep/er']) {
      await fails(kernel.mount({ mountPoint: at(mountPoint), backend: openMemory(), backendType: 'memory' }), 'invalid_argument')
    }
  })

  it('tells of a service that does not answer, and how it is doing', async () => {
    const well: ServiceHealth = { refusing: [], requests: 7, repetitions: 2, failures: 2, underWay: 1, concurrencyLimit: 32, pausedForMs: 0, latencyMs: { median: 10, p95: 20 } }
    let service = well
    const kernel = await kernelWith({ '/bucket': { backend: { ...openMemory(), serviceHealth: () => service } } })
    expect(kernel.health()).toMatchObject({ status: 'ok', mounts: [{ state: 'active', service: well }] })
    service = { ...well, refusing: ['read', 'list'] }
    const health: unknown = JSON.parse(await textOf(kernel, '/__sys__/health.json'))
    expect(health).toMatchObject({ status: 'degraded', mounts: [{ state: 'degraded', service: { refusing: ['read', 'list'] }, reason: expect.stringContaining('read and list requests are refused') as unknown }] })
  })

  it('answers for a mount that could not be opened with the reason, whatever is asked', async () => {
    const kernel = await kernelWith({ '/down': { backend: unavailableBackend('s3', new Error('connect ECONNREFUSED')) }, '/up': undefined })
    const path = at('/down/x')
    const asked = [
      kernel.stat(path),
      kernel.append(path, bytes('')),
      kernel.copy(path, at('/down/y')),
      names(kernel.versions(path)),
      kernel.usage(path),
      names(kernel.list(path)),
      kernel.batch([{ op: 'mkdir', path }]),
    ]
    for (const call of asked) expect(await fails(call, 'unavailable')).toContain('connect ECONNREFUSED')
    expect(kernel.mountInfo(path)?.state).toBe('unavailable')
    await kernel.write(at('/up/x'), bytes('works'))
  })
})
