import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { connect, type ErrorCode, isNexusError, mount, type MountedNexusFS, type MountOptions, parsePath } from '@nexus/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const home = mkdtempSync(join(tmpdir(), 'nexus-bad-input-'))
const saved = process.env['NEXUS_FS_STATE_DIR']
const options: MountOptions = { ephemeral: true, backends: { local: localBackend } }

async function codeOf(call: () => Promise<unknown>): Promise<{ code: ErrorCode | undefined; message: string }> {
  try {
    await call()
    return { code: undefined, message: 'It succeeded.' }
  } catch (error) {
    if (isNexusError(error)) return { code: error.code, message: error.message }
    throw error
  }
}

beforeAll(() => {
  process.env['NEXUS_FS_STATE_DIR'] = join(home, 'state')
})
afterAll(() => {
  if (saved === undefined) delete process.env['NEXUS_FS_STATE_DIR']
  else process.env['NEXUS_FS_STATE_DIR'] = saved
  rmSync(home, { recursive: true })
})

describe.each(['cas', 'path'])('paths over a mount of layout %s', (layout) => {
  let fs: MountedNexusFS
  beforeAll(async () => {
    const root = mkdtempSync(join(home, `${layout}-`))
    fs = await mount({ uri: `local://${root}?layout=${layout}`, at: '/m' }, options)
    await fs.write('/m/file', 'text')
    await fs.write('/m/directory/file', 'text')
  })
  afterAll(() => fs.close())

  const refused: readonly [string, string][] = [
    ['a NUL', '/m/a\0b'],
    ['a control character', '/m/a\u0001b'],
    ['..', '/m/../m/file'],
    ['.', '/m/./file'],
    ['//', '/m//file'],
    ['a relative path', 'm/file'],
    ['nothing', ''],
    ['a segment of 256 bytes', `/m/${'x'.repeat(256)}`],
    ['a segment of 86 characters and 258 bytes', `/m/${'\u20ac'.repeat(86)}`],
    ['5,000 bytes', `/m${'/abcd'.repeat(1000)}`],
  ]
  it.each(refused)('%s is an invalid_path for reading, writing, listing and deleting', async (_, path) => {
    const calls = [() => fs.read(path), () => fs.write(path, 'x'), () => Array.fromAsync(fs.list(path)), () => fs.delete(path)]
    for (const call of calls) expect((await codeOf(call)).code).toBe('invalid_path')
  })

  const failing: readonly [string, ErrorCode, () => Promise<unknown>][] = [
    ['writing below /__sys__', 'read_only', () => fs.write('/__sys__/x', 'x')],
    ['reading what /__sys__ lacks', 'not_found', () => fs.read('/__sys__/x')],
    ['%2f is a name and no separator', 'not_found', () => fs.read('/m/directory%2ffile')],
    ['a range with a negative offset', 'invalid_argument', () => fs.read('/m/file', { range: { offset: -1 } })],
    ['a range with a fraction', 'invalid_argument', () => fs.read('/m/file', { range: { offset: 0.5 } })],
    ['a range with a negative length', 'invalid_argument', () => fs.read('/m/file', { range: { offset: 0, length: -1 } })],
    ['a negative suffix', 'invalid_argument', () => fs.read('/m/file', { range: { suffix: -1 } })],
    ['a negative size', 'invalid_argument', () => fs.write('/m/sized', 'x', { sizeBytes: -1 })],
    ['a size that is not the body\'s', 'invalid_argument', () => fs.write('/m/sized', 'x', { sizeBytes: 2 })],
    ['reading a directory', 'is_directory', () => fs.read('/m/directory')],
    ['writing onto a directory', 'is_directory', () => fs.write('/m/directory', 'x')],
    ['appending to a directory', 'is_directory', () => fs.append('/m/directory', 'x')],
    ['listing a file', 'not_directory', () => Array.fromAsync(fs.list('/m/file'))],
    ['writing below a file', 'not_directory', () => fs.write('/m/file/below', 'x')],
    ['making a directory where a file is', 'already_exists', () => fs.mkdir('/m/file')],
    ['deleting a directory that is not empty', 'not_empty', () => fs.delete('/m/directory')],
    ['renaming a directory into itself', 'invalid_argument', () => fs.rename('/m/directory', '/m/directory/inside')],
  ]
  it.each(failing)('%s fails with %s', async (_, code, call) => {
    expect((await codeOf(call)).code).toBe(code)
    expect(await fs.exists('/m/sized')).toBe(false)
  })

  it('ranges past the end are clamped', async () => {
    expect(await fs.readText('/m/file', { range: { offset: 2, length: 100 } })).toBe('xt')
    expect(await fs.readText('/m/file', { range: { offset: 100 } })).toBe('')
    expect(await fs.readText('/m/file', { range: { suffix: 100 } })).toBe('text')
  })

  it('an NFD path names the file of its NFC twin', async () => {
    await fs.write('/m/caf\u00e9', 'one')
    expect(await fs.readText('/m/cafe\u0301')).toBe('one')
    expect(parsePath('/m/cafe\u0301')).toBe('/m/caf\u00e9')
  })
})

describe('what is mounted', () => {
  const sources: readonly [string, ErrorCode, string][] = [
    ['a URI with a password', 'invalid_config', 's3://user:secret@bucket/x'],
    ['a scheme that nobody knows', 'invalid_config', 'nosuchscheme://x'],
    ['no authority', 'invalid_config', 's3://'],
    ['no scheme', 'invalid_config', 'just words'],
    ['an unknown option', 'invalid_config', `local://${home}/x?layuot=cas`],
    ['an unknown layout', 'invalid_config', `local://${home}/x?layout=both`],
  ]
  it.each(sources)('%s is refused with %s', async (_, code, uri) => {
    const { code: found, message } = await codeOf(() => mount(uri, options))
    expect({ code: found, message }).toMatchObject({ code })
    expect(message).not.toContain('secret')
  })

  const bomb = Array.from({ length: 12 }, (_, level) => `  - &a${level} [${Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*a${level - 1}`)).join(',')}]\n`).join('')
  const documents: readonly [string, string, RegExp][] = [
    ['an alias bomb', `mode: embedded\nmounts:\n${bomb}`, /nexus.yaml:\d+: .*alias/i],
    ['a key said twice', 'mode: embedded\nmode: embedded\n', /nexus.yaml:2: /],
    ['a wrong type', 'mode: embedded\nmounts: 7\n', /nexus.yaml:2: /],
    ['no YAML', 'mode: [embedded\n', /nexus.yaml:\d+: /],
  ]
  it.each(documents)('nexus.yaml with %s is invalid_config, and the line is named', async (_, text, place) => {
    const configFile = join(mkdtempSync(join(home, 'yaml-')), 'nexus.yaml')
    writeFileSync(configFile, text)
    const { code, message } = await codeOf(() => connect({ configFile }))
    expect({ code, message }).toMatchObject({ code: 'invalid_config', message: expect.stringMatching(place) as string })
  })

  const remembered: readonly [string, string, RegExp][] = [
    ['no JSON', '{\n  "format": 1,\n  mounts\n}', /mounts.json:3: /],
    ['a wrong type', '{\n  "format": 1,\n  "mounts": 7\n}', /mounts.json:3: /],
  ]
  it.each(remembered)('mounts.json with %s is invalid_config, and the line is named', async (_, text, place) => {
    mkdirSync(join(home, 'state'), { recursive: true })
    writeFileSync(join(home, 'state', 'mounts.json'), text)
    const { code, message } = await codeOf(() => mount({ backends: { local: localBackend } }))
    expect({ code, message }).toMatchObject({ code: 'invalid_config', message: expect.stringMatching(place) as string })
  })
})
