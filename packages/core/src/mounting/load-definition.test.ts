import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../contract/errors.ts'
import { fakeDefinition, fakeEnvironment } from './fake-definition.ts'
import { loadDefinition, type RegistryOptions } from './load-definition.ts'

let root: string
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'nexus-registry-')))
})
afterEach(() => rm(root, { recursive: true }))

const failing = (code: ErrorCode, message: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string })
const place = async (path: string, content: string | object): Promise<string> => {
  const file = join(root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}
const source = (scheme: string, contract = 1): string =>
  `export const notionBackend = { scheme: '${scheme}', contract: ${contract}, fromUri: (spec) => spec, parseConfig: (input) => input, open: () => {} }\nexport default notionBackend\n`
const manifest = (name: string, changes: object = {}): object => ({
  name,
  version: '1.2.3',
  type: 'module',
  exports: './index.js',
  nexus: { contract: 1, schemes: { notion: { definition: 'notionBackend' } } },
  ...changes,
})
/** A package in the application's node_modules. */
const install = async (
  name: string,
  { json = manifest(name), code = source('notion'), folder = 'app' }: { json?: object; code?: string; folder?: string } = {},
): Promise<void> => {
  await place(`${folder}/node_modules/${name}/package.json`, json)
  await place(`${folder}/node_modules/${name}/index.js`, code)
}
const application = async (dependencies: object = { 'nexus-notion': '1' }): Promise<RegistryOptions> => {
  await place('app/package.json', { name: 'app', dependencies })
  return { environment: fakeEnvironment(root), resolveFrom: pathToFileURL(join(root, 'app/src/main.js')).href }
}

describe('a third party', () => {
  it('counts when the package.json of the application depends on it', async () => {
    await install('nexus-notion')
    const { definition, manifest: found } = await loadDefinition('notion', await application())
    expect([definition.scheme, found?.package]).toEqual(['notion', 'nexus-notion'])
  })

  it.each(['optionalDependencies', 'devDependencies'])('counts in %s', async (group) => {
    await install('nexus-notion')
    await place('app/package.json', { [group]: { 'nexus-notion': '1' } })
    expect((await loadDefinition('notion', { environment: fakeEnvironment(join(root, 'app')) })).definition.scheme).toBe('notion')
  })

  it('does not count, and is not imported, when it merely lies in node_modules', async () => {
    await install('nexus-notion', { code: 'throw new Error("imported")' })
    await expect(loadDefinition('notion', await application({}))).rejects.toEqual(
      failing('invalid_config', 'No backend is known for notion://.'),
    )
  })

  it('is not imported for another scheme', async () => {
    await install('nexus-notion', { code: 'throw new Error("imported")' })
    await expect(loadDefinition('notions', await application())).rejects.toEqual(failing('invalid_config', 'Did you mean "notion"?'))
  })

  it('never takes a scheme of Nexus itself', async () => {
    await install('nexus-notion', {
      json: manifest('nexus-notion', { nexus: { contract: 1, schemes: { s3: {} } } }),
      code: 'throw new Error("imported")',
    })
    await expect(loadDefinition('s3', await application())).rejects.toEqual(
      failing('unavailable', 'The backend for s3:// is not installed. Install it: npm install @nexus/backend-s3'),
    )
  })

  it('is found through the entry script, also when that is a link', async () => {
    await install('nexus-notion')
    await application()
    const script = await place('app/bin/run.js', '')
    await symlink(script, join(root, 'link.js'))
    for (const entryScript of [script, join(root, 'link.js')]) {
      expect((await loadDefinition('notion', { environment: fakeEnvironment(root, { entryScript }) })).definition.scheme).toBe('notion')
    }
  })

  it('is found by code that a tool in node_modules runs', async () => {
    await install('nexus-notion')
    await application()
    const entryScript = await place('app/node_modules/.store/runner/node_modules/runner/run.js', '')
    await place('app/node_modules/.store/runner/node_modules/runner/package.json', { name: 'runner' })
    expect((await loadDefinition('notion', { environment: fakeEnvironment(root, { entryScript }) })).definition.scheme).toBe('notion')
  })

  it('is found beside a program that was installed globally', async () => {
    await install('nexus-notion', { folder: 'lib' })
    await install('@acme/nexus-wiki', {
      folder: 'lib',
      json: manifest('@acme/nexus-wiki', { nexus: { contract: 1, schemes: { wiki: {} } } }),
      code: source('wiki'),
    })
    const entryScript = await place('lib/node_modules/nexus-fs/bin.js', '')
    await place('lib/node_modules/nexus-fs/package.json', { name: 'nexus-fs' })
    for (const scheme of ['notion', 'wiki']) {
      expect((await loadDefinition(scheme, { environment: fakeEnvironment(root, { entryScript }) })).definition.scheme).toBe(scheme)
    }
  })

  it('is found where nexus-fs add put it', async () => {
    await install('nexus-notion', { folder: 'home/backends' })
    await place('home/backends/package.json', { dependencies: { 'nexus-notion': '1.2.3' } })
    expect((await loadDefinition('notion', { environment: fakeEnvironment(root) })).definition.scheme).toBe('notion')
  })

  it('may be claimed by one package only', async () => {
    await install('nexus-notion')
    await install('other-notion')
    await expect(loadDefinition('notion', await application({ 'nexus-notion': '1', 'other-notion': '1' }))).rejects.toEqual(
      failing('invalid_config', 'Two installed packages claim notion://: nexus-notion and other-notion.'),
    )
  })
})

describe('a package is imported', () => {
  it.each([
    ['by an import-only export', { exports: { '.': { import: './index.js' } } }],
    ['by nested conditions', { exports: { types: './none.d.ts', node: { import: './index.js' } } }],
    ['by a list of targets', { exports: { '.': { import: [{ deno: './deno.js' }, './index.js'] } } }],
    ['by main', { exports: undefined, main: 'index.js' }],
    ['by the default file', { exports: undefined }],
  ])('%s', async (_case, changes) => {
    await install('nexus-notion', { json: manifest('nexus-notion', changes) })
    expect((await loadDefinition('notion', await application())).definition.scheme).toBe('notion')
  })

  it('although dist has a package.json of its own', async () => {
    await place('app/node_modules/nexus-notion/package.json', manifest('nexus-notion', { exports: './dist/index.js' }))
    await place('app/node_modules/nexus-notion/dist/package.json', { type: 'module' })
    await place('app/node_modules/nexus-notion/dist/index.js', source('notion'))
    expect((await loadDefinition('notion', await application())).manifest?.package).toBe('nexus-notion')
  })

  it('also when it is CommonJS', async () => {
    const code = source('notion')
      .replace('export const notionBackend', 'exports.notionBackend')
      .replace(/export default.*/, '')
    await install('nexus-notion', { json: manifest('nexus-notion', { type: 'commonjs' }), code })
    expect((await loadDefinition('notion', await application())).definition.scheme).toBe('notion')
  })

  it('by its default export where the manifest names none', async () => {
    await install('nexus-notion', { json: manifest('nexus-notion', { nexus: { contract: 1, schemes: { notion: {} } } }) })
    expect((await loadDefinition('notion', await application())).definition.scheme).toBe('notion')
  })
})

describe('a package that is installed but broken says so', () => {
  it.each<[string, { json?: object; code?: string }, ErrorCode, string]>([
    ['its entry is missing', { json: manifest('nexus-notion', { exports: './none.js' }) }, 'unavailable', 'its entry file is missing from'],
    [
      'its import-only entry is missing',
      { json: manifest('nexus-notion', { exports: { import: './none.js' } }) },
      'unavailable',
      'its entry file is missing from',
    ],
    ['importing it throws', { code: 'throw new Error("no luck")' }, 'unavailable', 'failed: no luck'],
    ['importing it misses a package', { code: 'import "nowhere-to-be-found"' }, 'unavailable', 'nowhere-to-be-found'],
    ['it exports nothing', { code: '' }, 'unavailable', 'it is no backend definition'],
    [
      'its definition is incomplete',
      { code: 'export default { scheme: "notion", contract: 1, open() {} }' },
      'unavailable',
      'the function "fromUri" is missing',
    ],
    ['its definition is for something else', { code: source('other') }, 'unavailable', 'it is for other://, not for notion://'],
    [
      'its definition speaks another contract',
      { code: source('notion', 2) },
      'unsupported',
      'speaks version 2 of the backend contract, this @nexus/core speaks 1',
    ],
    [
      'its manifest speaks another contract',
      { json: manifest('nexus-notion', { nexus: { contract: 2, schemes: { notion: 'x' } } }) },
      'unsupported',
      'nexus-notion speaks version 2',
    ],
    [
      'its manifest has no contract',
      { json: manifest('nexus-notion', { nexus: { schemes: { notion: {} } } }) },
      'invalid_config',
      'has "contract"',
    ],
    [
      'its manifest has no object',
      { json: manifest('nexus-notion', { nexus: { contract: 1, schemes: { notion: 1 } } }) },
      'invalid_config',
      'an object at schemes.notion',
    ],
    [
      'its manifest names its definition wrongly',
      { json: manifest('nexus-notion', { nexus: { contract: 1, schemes: { notion: { definition: 1 } } } }) },
      'invalid_config',
      'a text at schemes.notion.definition',
    ],
    [
      'its manifest has bad options',
      { json: manifest('nexus-notion', { nexus: { contract: 1, schemes: { notion: { options: { a: 1 } } } } }) },
      'invalid_config',
      'schemes.notion.options',
    ],
    [
      'its manifest has bad credentials',
      { json: manifest('nexus-notion', { nexus: { contract: 1, schemes: { notion: { credentials: 'x' } } } }) },
      'invalid_config',
      'schemes.notion.credentials',
    ],
  ])('%s', async (_case, packed, code, message) => {
    await install('nexus-notion', packed)
    await expect(loadDefinition('notion', await application())).rejects.toEqual(failing(code, message))
  })

  it('its package.json is no JSON', async () => {
    await install('nexus-notion')
    await place('app/node_modules/nexus-notion/package.json', '{')
    await expect(loadDefinition('notion', await application())).rejects.toThrow('nexus-notion/package.json')
  })
})

describe("Nexus' own packages", () => {
  const own = (folder: string): Promise<void> =>
    install('@nexus/backend-s3', {
      folder,
      json: { name: '@nexus/backend-s3', type: 'module', exports: './index.js' },
      code: source('s3').replaceAll('notionBackend', 's3Backend'),
    })

  it.each([
    ['the application', 'app'],
    ['the working directory', '.'],
    ['nexus-fs add', 'home/backends'],
  ])('are found from %s', async (_case, folder) => {
    await own(folder)
    const { definition, manifest: found } = await loadDefinition('s3', await application())
    expect([definition.scheme, found?.package]).toEqual(['s3', '@nexus/backend-s3'])
  })

  it('are preferred where the application said to look', async () => {
    await own('app')
    await install('@nexus/backend-s3', {
      folder: '.',
      json: { name: '@nexus/backend-s3', type: 'module', exports: './index.js' },
      code: 'throw new Error("imported")',
    })
    expect((await loadDefinition('s3', await application())).definition.scheme).toBe('s3')
  })
})

describe('backends', () => {
  const options = async (given: unknown): Promise<RegistryOptions> => ({
    ...(await application()),
    backends: { notion: given } as unknown as NonNullable<RegistryOptions['backends']>,
  })

  it('win over everything installed', async () => {
    await install('nexus-notion', { code: 'throw new Error("imported")' })
    const notion = fakeDefinition({ scheme: 'notion' })
    expect((await loadDefinition('notion', await options(notion))).definition).toBe(notion)
    expect((await loadDefinition('notion', await options(() => Promise.resolve({ default: notion })))).definition).toBe(notion)
  })

  it.each<[string, unknown, ErrorCode, string]>([
    ['nothing', () => Promise.resolve({}), 'unavailable', 'it is no backend definition'],
    ['another scheme', fakeDefinition({ scheme: 'other' }), 'unavailable', 'it is for other://'],
    ['another contract', { ...fakeDefinition({ scheme: 'notion' }), contract: 3 }, 'unsupported', 'speaks version 3'],
  ])('that give %s are refused', async (_case, given, code, message) => {
    await expect(loadDefinition('notion', await options(given))).rejects.toEqual(failing(code, message))
  })
})

describe('the install command', () => {
  it.each([
    ['npm without a sign', {}, [], 'npm install @nexus/backend-s3'],
    ['the running package manager', { npm_config_user_agent: 'pnpm/12.21.0 npm/? node/v24' }, ['yarn.lock'], 'pnpm add @nexus/backend-s3'],
    ['a lockfile', {}, ['yarn.lock'], 'yarn add @nexus/backend-s3'],
    ['a lockfile above', {}, ['../bun.lock'], 'bun add @nexus/backend-s3'],
    ['an unknown agent falls back to the lockfile', { npm_config_user_agent: 'vlt/1' }, ['pnpm-lock.yaml'], 'pnpm add @nexus/backend-s3'],
  ])('is that of %s', async (_case, env, lockfiles, command) => {
    for (const name of lockfiles) await place(`work/${name}`, '')
    await mkdir(join(root, 'work'), { recursive: true })
    const environment = fakeEnvironment(root, { env: { ...fakeEnvironment(root).env, ...env }, workingDirectory: join(root, 'work') })
    await expect(loadDefinition('s3', { environment })).rejects.toThrow(`Install it: ${command} (`)
  })
})
