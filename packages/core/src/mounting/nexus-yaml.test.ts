import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readNexusYaml } from './nexus-yaml.ts'

let root: string
let file: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-yaml-'))
  file = join(root, 'nexus.yaml')
})
afterEach(() => rm(root, { recursive: true }))

const read = async (text: string, isTrusted = false): ReturnType<typeof readNexusYaml> => {
  await writeFile(file, text)
  return await readNexusYaml(file, { homeDirectory: '/home/ada', isTrusted })
}

describe('nexus.yaml', () => {
  it('names the data directory and mounts, in snake_case, from its own directory', async () => {
    const yaml = await read(`
mode: embedded
data_dir: ./nexus-data
mounts:
  - s3://bucket
  - uri: local://./files
    at: /files
    name: mine
    priority: 10
    readonly: true
    options: { freshness_ms: 5, project_id: p }
  - mount_point: /archives
    backend_type: local
    backend_config:
      data_dir: old
`)
    expect(yaml).toMatchObject({
      dataDir: join(root, 'nexus-data'),
      packages: [],
      mounts: [
        { kind: 'uri', mountPoint: '/s3/bucket', provenance: { place: `${file}:5`, isUntrusted: true } },
        {
          mountPoint: '/files',
          name: 'mine',
          priority: 10,
          readonly: true,
          options: { freshnessMs: 5, projectId: 'p' },
          spec: { authority: join(root, 'files') },
        },
        { kind: 'config', mountPoint: '/archives', backendType: 'local', options: { dataDir: join(root, 'old') } },
      ],
    })
  })

  it('may be empty, and may be absent', async () => {
    expect(await read('# nothing yet\n')).toEqual({ dataDir: undefined, mounts: [], packages: [], tiers: [] })
    expect(await readNexusYaml(join(root, 'absent.yaml'), { homeDirectory: root, isTrusted: true })).toBeUndefined()
  })

  it('takes aliases that stay small', async () => {
    const yaml = await read('mounts:\n  - { uri: "s3://a", options: &o { region: eu } }\n  - { uri: "s3://b", options: *o }\n')
    expect(yaml?.mounts[1]).toMatchObject({ options: { region: 'eu' } })
  })

  it('names packages only when it is trusted', async () => {
    const text = 'packages:\n  - nexus-notion\n  - "@acme/nexus-wiki"\n'
    expect((await read(text, true))?.packages).toEqual(['nexus-notion', '@acme/nexus-wiki'])
    await expect(read(text)).rejects.toThrow(`${file}:1: A nexus.yaml that was merely found names no packages.`)
  })
})

describe('a bad nexus.yaml names the line', () => {
  const bomb = [
    'mounts:',
    '- &a [x,x,x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'd', 'e', 'f', 'g'].map(
      (name, index) =>
        `- &${name} [${Array(10)
          .fill(`*${'abcdef'.charAt(index)}`)
          .join(',')}]`,
    ),
  ].join('\n')

  it.each([
    ['alias bomb', bomb, 6, 'The alias *d expands to more than 10000 values.'],
    ['alias of itself', 'mounts: &a\n  - *a', 2, 'The alias *a names nothing that is complete before it.'],
    ['alias of nothing', 'mode: embedded\nmounts: *a', 2, '*a'],
    ['duplicate key', 'mode: embedded\ndata_dir: a\nmode: embedded', 3, 'Map keys must be unique.'],
    ['duplicate key in a mount', 'mounts:\n  - uri: s3://a\n    uri: s3://b', 3, 'Map keys must be unique.'],
    ['broken syntax', 'mounts:\n  - uri: s3://a\n   at: /x', 3, ''],
    ['a tab', 'mounts:\n\t- s3://a', 2, 'Tabs'],
    ['a tag', 'data_dir: !!js/function x', 1, 'Unresolved tag'],
    ['two documents', 'mode: embedded\n---\nmode: embedded', 2, 'more than one document'],
    ['a list', '- s3://a', 1, 'The file is an object, not a list.'],
    ['a key that is no text', '? [a]\n: b', 1, 'keys'],
    ['deep nesting', '['.repeat(200_000), 1, ''],
    ['wrong type of a top key', 'mode: embedded\nmounts: s3://a', 2, '"mounts" of the file is a list, not a text.'],
    [
      'wrong type in a mount',
      'mounts:\n  - uri: s3://a\n    at: /a\n    priority: high',
      4,
      '"priority" of a mount is a whole number, not a text.',
    ],
    ['a mount that is a number', 'mounts:\n  - s3://a\n  - 42', 3, 'not 42.'],
    ['unknown key', 'mode: embedded\ndatadir: x', 2, 'Did you mean "data_dir"?'],
    ['unknown key in a mount', 'mounts:\n  - uri: s3://a\n    prioritty: 1', 3, 'Did you mean "priority"?'],
    ['camelCase', 'mode: embedded\ndataDir: x', 2, 'written in snake_case: "data_dir", not "dataDir".'],
    ['camelCase below', 'mounts:\n  - uri: s3://a\n    options:\n      projectId: x', 4, '"project_id"'],
    ['a merge key', 'mode: embedded\n<<: { data_dir: x }', 2, 'snake_case'],
    ['another mode', 'mode: distributed', 1, '"mode" is "embedded"; for a server set NEXUS_URL'],
    ['a bad URI', 'mounts:\n  - s3://a\n  - nothing', 3, 'scheme://authority'],
    ['a secret in a URI', 'mounts:\n  - s3://a\n  - slack://w?token=x', 3, 'Secrets never ride in a URI'],
    ['a bad mount point', 'mounts:\n  - uri: s3://a\n    at: a//b', 2, 'A path starts with "/".'],
    ['half a mount', 'mounts:\n  - mount_point: /a', 2, 'both "mount_point" and "backend_type"'],
    ['too long', `# ${'x'.repeat(1024 * 1024)}`, 1, 'more than 1048576'],
    ['an open backend', 'mounts:\n  - backend: x\n    at: /x', 2, 'is an open Backend'],
    ['a package with a path', 'packages:\n  - nexus-notion\n  - ../evil', 3, 'npm package'],
    ['a package with options', 'packages:\n  - --prefix=/', 2, 'npm package'],
  ])('%s', async (_case, text, line, message) => {
    const expected: unknown = expect.objectContaining({
      code: expect.stringMatching(/^invalid_(config|path)$/) as string,
      message: expect.stringContaining(`${file}:${line}: `) as string,
    })
    await expect(read(text, true)).rejects.toEqual(expected)
    await expect(read(text, true)).rejects.toThrow(message)
  })

  it('says so when it cannot be read', async () => {
    await mkdir(file)
    await expect(readNexusYaml(file, { homeDirectory: root, isTrusted: false })).rejects.toThrow('cannot be read (EISDIR)')
  })
})
