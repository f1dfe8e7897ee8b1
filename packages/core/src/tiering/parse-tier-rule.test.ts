import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkedFor } from '../mounting/config-problem.ts'
import { readNexusYaml } from '../mounting/nexus-yaml.ts'
import { checkTierMounts, checkTierRules } from './check-rules.ts'
import { parseTierRule } from './parse-tier-rule.ts'
import type { TierRule } from './rule.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-tier-rules-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const parse = (input: unknown): TierRule => checkedFor('tier', () => parseTierRule(input, ['tiers', 0]))
const rule = (rest: object): TierRule => parse({ from: '/a', to: '/b', olderThan: '1d', ...rest })

describe('a tier rule', () => {
  it('has ages, sizes, patterns and a default', () => {
    const given = { from: '/a/', to: '/b', olderThan: '30d', idleFor: '1.5h', largerThan: '10MB', smallerThan: '2GiB', exclude: ['*.tmp'] }
    expect(parse(given)).toMatchObject({
      from: '/a',
      to: '/b',
      paths: 'move',
      olderThanMs: 30 * 86_400_000,
      idleForMs: 5_400_000,
      largerThanBytes: 10 * 1024 ** 2,
      smallerThanBytes: 2 * 1024 ** 3,
      exclude: ['*.tmp'],
    })
  })

  it.each([
    [{ to: '/b' }, '"from" and "to"'],
    [{ from: 'a', to: '/b' }, 'starts with "/"'],
    [{ from: '/a', to: '/b', olderThen: '1d' }, 'olderThan'],
    [{ from: '/a', to: '/b', olderThan: '1 month' }, '"30d"'],
    [{ from: '/a', to: '/b', olderThan: 30 }, 'a text'],
    [{ from: '/a', to: '/b', largerThan: 'big' }, '"10MB"'],
    [{ from: '/a', to: '/b', paths: 'copy' }, '"keep" or "move"'],
    [{ from: '/a', to: '/b', include: [1] }, 'Patterns are texts'],
  ])('%j is refused, with what to write', (input, reason) => {
    expect(() => parse(input)).toThrow(expect.objectContaining({ code: 'invalid_config', reason: expect.stringContaining(reason) as string }))
  })

  it.each<[string, TierRule[], string]>([
    ['a target in the source', [rule({ to: '/a/old' })], 'lies in the other'],
    ['a source in the target', [rule({ from: '/b/x' })], 'lies in the other'],
    ['a reserved place', [rule({ to: '/__sys__/x' })], 'belongs to Nexus'],
    ['no condition', [rule({ olderThan: undefined })], 'does not say which files'],
    ['a capacity without redirect', [rule({ capacity: '1G' })], 'paths: keep'],
    ['sizes that nothing has', [rule({ largerThan: '2M', smallerThan: '1M' })], 'No file is larger'],
    ['a circle', [rule({}), rule({ from: '/b', to: '/c' }), rule({ from: '/c', to: '/a' })], 'in a circle'],
    ['two redirects of one directory', [rule({ paths: 'keep' }), rule({ paths: 'keep', to: '/c' })], 'begin where the first leads to'],
    ['two redirects into one directory', [rule({ paths: 'keep' }), rule({ paths: 'keep', from: '/c', to: '/b/x' })], 'would mix'],
    ['a second capacity', [rule({ paths: 'keep', capacity: '1G' }), rule({ paths: 'keep', capacity: '2G' })], 'a capacity; keep one'],
    ['a redirect that moves on', [rule({ paths: 'keep' }), rule({ from: '/b', to: '/c' })], 'say paths: keep here too'],
  ])('%s is refused', (_, rules, reason) => {
    expect(() => checkTierRules(rules)).toThrow(reason)
  })

  it('may have company: two reasons for one way, and a chain', () => {
    expect(() => checkTierRules([rule({ paths: 'keep' }), rule({ paths: 'keep', olderThan: undefined, largerThan: '1G' })])).not.toThrow()
    expect(() => checkTierRules([rule({ paths: 'keep' }), rule({ paths: 'keep', from: '/b', to: '/c' })])).not.toThrow()
  })

  it('leads from a mount to a mount', () => {
    expect(() => checkTierMounts([rule({})], [{ mountPoint: rule({}).from }])).toThrow('Nothing is mounted at /b')
  })
})

describe('tiers in nexus.yaml', () => {
  const read = async (text: string): Promise<readonly TierRule[] | undefined> => {
    const file = join(root, 'nexus.yaml')
    await writeFile(file, text)
    return (await readNexusYaml(file, { homeDirectory: root, isTrusted: false }))?.tiers
  }

  it('are rules in snake_case', async () => {
    const text = 'tiers:\n  - from: /workspace/done\n    to: /archives\n    older_than: 30d\n    paths: keep\n    capacity: 100GB\n'
    expect(await read(text)).toEqual([expect.objectContaining({ from: '/workspace/done', to: '/archives', olderThanMs: 30 * 86_400_000, paths: 'keep', capacityBytes: 100 * 1024 ** 3 })])
  })

  it.each([
    ['tiers:\n  - from: /a\n    to: /b\n    older_then: 3d\n', 'nexus.yaml:4:', 'older_than'],
    ['tiers:\n  - from: /a\n    to: /b\n    older_than: soon\n', 'nexus.yaml:4:', '"older_than" is written as'],
    ['tiers:\n  - from: /a\n    to: /b\n    olderThan: 3d\n', 'nexus.yaml:4:', 'snake_case: "older_than"'],
    ['tiers:\n  - { from: /a, to: /b, older_than: 3d }\n  - { from: /b, to: /a/x, older_than: 3d }\n', 'nexus.yaml:2:', 'circle'],
  ])('%j is refused with its line', async (text, line, reason) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'invalid_config', reason: expect.stringContaining(line) as string })
    await expect(read(text)).rejects.toMatchObject({ reason: expect.stringContaining(reason) as string })
  })
})
