import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Environment, installBackend, mount, processEnvironment } from '@nexus/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ScratchPlace, scratchEnvironment, scratchPlace } from './third-party-package.ts'

let scratch: ScratchPlace
let registry: Server
let environment: Environment
let asked: string[]
beforeEach(async () => {
  scratch = await scratchPlace()
  asked = []
  registry = createServer((_request, response) => response.writeHead(404).end('{}')).listen(0, '127.0.0.1')
  await new Promise((resolve) => registry.once('listening', resolve))
  const env = {
    ...scratchEnvironment(scratch.root),
    npm_config_registry: url(),
    npm_config_cache: join(scratch.root, 'cache'),
    npm_config_proxy: '',
    npm_config_https_proxy: '',
    npm_config_noproxy: '127.0.0.1',
  }
  environment = { ...processEnvironment(), env, workingDirectory: scratch.root, entryScript: undefined }
})
afterEach(async () => {
  registry.closeAllConnections()
  await new Promise((resolve) => registry.close(resolve))
  await scratch.remove()
})

const url = (): string => `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`

/** Publishes a tarball the way a registry shows it. */
const publish = async (name: string, tarball: string): Promise<void> => {
  const bytes = await readFile(tarball)
  const dist = { tarball: `${url()}${name}.tgz`, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` }
  const packument = { name, 'dist-tags': { latest: '1.4.2' }, versions: { '1.4.2': { name, version: '1.4.2', dist } } }
  registry.removeAllListeners('request')
  registry.on('request', (request, response) => {
    asked.push(request.url ?? '')
    if (request.url === `/${name}`) return void response.end(JSON.stringify(packument))
    if (request.url === `/${name}.tgz`) return void response.end(bytes)
    response.writeHead(404).end('{"error":"not found"}')
  })
}

const installed = async (): Promise<unknown> =>
  (JSON.parse(await readFile(join(scratch.root, 'home/backends/package.json'), 'utf8')) as { dependencies?: unknown }).dependencies

describe('installBackend, which nexus-fs add is', { timeout: 120_000 }, () => {
  it('installs from the registry into ~/.nexus/backends, where mount finds it', async () => {
    await publish('nexus-notion', await scratch.pack())
    expect(await installBackend('nexus-notion', { environment })).toEqual({
      package: 'nexus-notion',
      version: '1.4.2',
      schemes: ['notion'],
      directory: join(scratch.root, 'home/backends/node_modules/nexus-notion'),
    })
    expect(await installed()).toEqual({ 'nexus-notion': '1.4.2' })

    const before = { home: process.env['NEXUS_HOME'] }
    process.env['NEXUS_HOME'] = join(scratch.root, 'home')
    try {
      await using fs = await mount('notion://acme', { ephemeral: true })
      expect(await fs.readText('/notion/acme/hello.txt')).toBe('Hello from acme')
    } finally {
      if (before.home === undefined) delete process.env['NEXUS_HOME']
      else process.env['NEXUS_HOME'] = before.home
    }
  })

  it('removes again what is no backend, and what speaks another contract', async () => {
    await publish('nexus-notion', await scratch.pack({ nexus: undefined }))
    await expect(installBackend('nexus-notion', { environment })).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('is no Nexus backend') as string,
    })
    expect(await installed()).toBeUndefined()
    await publish('nexus-other', await scratch.pack({ name: 'nexus-other', nexus: { contract: 7, schemes: { notion: {} } } }))
    await expect(installBackend('nexus-other', { environment })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('speaks version 7') as string,
    })
    expect(await installed()).toBeUndefined()
  })

  it('tells what npm says when there is no such package', async () => {
    await publish('nexus-notion', await scratch.pack())
    await expect(installBackend('nexus-absent', { environment })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('404') as string,
    })
    expect(asked).toContain('/nexus-absent')
  })

  it('takes the scheme of a backend of Nexus for its package', async () => {
    await publish('nexus-notion', await scratch.pack())
    await expect(installBackend('s3', { environment })).rejects.toMatchObject({ code: 'unavailable' })
    expect(asked.map(decodeURIComponent)).toContain('/@nexus/backend-s3')
  })

  it.each([
    '../evil',
    '/abs',
    './here',
    'file:x',
    'https://host/x.tgz',
    'git+ssh://host/x',
    'user/repo',
    'name@1.2.3',
    'name@latest',
    '--global',
    '-g',
    '',
    ' ',
    'a b',
    'UPPER',
    'x;id',
    '$(id)',
    '@scope',
    '@scope/',
    '@scope/a/b',
    '.hidden',
    'a'.repeat(215),
  ])('refuses %j without asking npm', async (name) => {
    await expect(installBackend(name, { environment })).rejects.toMatchObject({ code: 'invalid_argument' })
    await expect(installed()).rejects.toThrow('ENOENT')
  })

  it('is given up by the signal, with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const isAsked = new Promise((resolve) => {
      registry.removeAllListeners('request')
      registry.once('request', resolve)
    })
    const installing = installBackend('nexus-notion', { environment, signal: controller.signal })
    const outcome = expect(installing).rejects.toBe(reason)
    await isAsked
    controller.abort(reason)
    await outcome
  })
})
