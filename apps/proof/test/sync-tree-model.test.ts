import { createSlimNexusFS, type SlimNexusFS, type SyncAction, type SyncRule } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { chooseSeed, createRandom, type Random } from '../src/model/random.ts'
import { kinds, openKinds, snapshotOf, told } from './sync-tree-kit.ts'

const seed = chooseSeed()
const names = ['a', 'a-', 'a.b', 'a%CC%81', 'a%01', 'at', 'b', 'B', 'ä', 'x.md', 'x.tmp', '.dot']

/** Files by path with their content, directories as `path/`. */
type Tree = Map<string, string>

function randomTree(random: Random, sameSizes: boolean): Tree {
  const tree: Tree = new Map()
  const fill = (prefix: string, depth: number): void => {
    for (const name of names) {
      if (!random.chance(0.35)) continue
      const key = `${prefix}${name}`
      const size = sameSizes ? 3 : 1 + random.int(1_000_000)
      if (depth < 3 && random.chance(0.4)) {
        tree.set(`${key}/`, '')
        fill(`${key}/`, depth + 1)
      } else tree.set(key, sameSizes ? `${100 + random.int(3)}` : `${size}:`.padEnd(5 + (size % 400), 'x'))
    }
  }
  fill('', 0)
  return tree
}

async function plant(fs: SlimNexusFS, directory: string, tree: Tree): Promise<void> {
  await fs.mkdir(directory, { recursive: true })
  for (const [key, text] of tree) {
    if (key.endsWith('/')) await fs.mkdir(`${directory}/${key}`, { recursive: true })
    else await fs.write(`${directory}/${key}`, text)
  }
}

const patterns = ['*.md', '*.tmp', 'a', '/a', 'a/', 'b/*', '/a/**', 'a*', '.dot', 'ä/B']

/** What a rule matches, said anew: expressions for whole paths, tried on the path and on each directory above it. */
function takes(rules: readonly SyncRule[], key: string): boolean {
  const expressions: Record<string, RegExp> = {
    '*.md': /(^|\/)[^/]*\.md\/?$/, '*.tmp': /(^|\/)[^/]*\.tmp\/?$/, a: /(^|\/)a\/?$/, '/a': /^a\/?$/, 'a/': /(^|\/)a\/$/, 'b/*': /(^|\/)b\/[^/]+\/?$/, '/a/**': /^a\/.+$/, 'a*': /(^|\/)a[^/]*\/?$/,
    '.dot': /(^|\/)\.dot\/?$/, 'ä/B': /(^|\/)ä\/B\/?$/,
  }
  const prefixes = [...key.matchAll(/\/(?!$)/g)].map(({ index }) => key.slice(0, index + 1)).concat(key)
  const rule = rules.find((one) => prefixes.some((prefix) => expressions['include' in one ? one.include : one.exclude]!.test(prefix)))
  if (rule !== undefined) return 'include' in rule
  const last = rules.at(-1)
  return last === undefined || 'exclude' in last
}

function randomRules(random: Random): SyncRule[] {
  return Array.from({ length: random.int(4) }, () => (random.chance(0.5) ? { include: random.pick(patterns) } : { exclude: random.pick(patterns) }))
}

const pairs = kinds.flatMap((from) => kinds.map((to) => [from, to] as const))

describe(`random trees (NEXUS_SEED=${seed})`, () => {
  it.each(pairs)('from %s to %s: after a sync with delete both are equal, and a second one finds nothing to do', async (from, to) => {
    const random = createRandom(seed)
    const mounted = await openKinds(from, to)
    for (let round = 0; round < 6; round++) {
      const checksum = random.chance(0.5)
      await plant(mounted, `/to/${round}`, randomTree(random, checksum))
      await plant(mounted, `/from/${round}`, randomTree(random, checksum))
      const dry: SyncAction[] = []
      const real: SyncAction[] = []
      const before = await snapshotOf(mounted, `/to/${round}`)
      const planned = await mounted.syncTree(`/from/${round}`, `/to/${round}`, { delete: true, checksum, allowEmptySource: true, dryRun: true, onAction: (action) => dry.push(action) })
      expect(await snapshotOf(mounted, `/to/${round}`)).toEqual(before)
      const result = await mounted.syncTree(`/from/${round}`, `/to/${round}`, { delete: true, checksum, allowEmptySource: true, onAction: (action) => real.push(action) })
      expect(result.failures).toEqual([])
      expect(await snapshotOf(mounted, `/to/${round}`)).toEqual(await snapshotOf(mounted, `/from/${round}`))
      expect(told(dry)).toEqual(told(real))
      expect(planned).toMatchObject({ files: result.files, deleted: result.deleted, directories: result.directories, unchanged: result.unchanged })
      expect(await mounted.syncTree(`/from/${round}`, `/to/${round}`, { delete: true, checksum, allowEmptySource: true })).toMatchObject({ files: 0, directories: 0, deleted: 0, updated: 0 })
    }
  })

  it.each([['memory', 'memory'], ['path', 'objects'], ['objects', 'cas']] as const)('from %s to %s: filters take what a simple predicate takes, on both sides', async (from, to) => {
    const random = createRandom(seed + 1)
    const mounted = createSlimNexusFS((await openKinds(from, to)).backend)
    for (let round = 0; round < 15; round++) {
      const filter = randomRules(random)
      await plant(mounted, `/to/${round}`, randomTree(random, true))
      await plant(mounted, `/from/${round}`, randomTree(random, true))
      const [source, before] = [await snapshotOf(mounted, `/from/${round}`), await snapshotOf(mounted, `/to/${round}`)]
      const result = await mounted.syncTree(`/from/${round}`, `/to/${round}`, { delete: true, checksum: true, filter, allowEmptySource: true })
      const after = await snapshotOf(mounted, `/to/${round}`)
      const files = (tree: Record<string, string>, taken: boolean): Record<string, string> =>
        Object.fromEntries(Object.entries(tree).filter(([key]) => !key.endsWith('/') && takes(filter, key) === taken))
      const shown = `round ${round}, ${JSON.stringify(filter)}`
      // What the filter leaves out stays as it was.
      expect(files(after, false), shown).toEqual(files(before, false))
      if (result.failed === 0) expect(files(after, true), shown).toEqual(files(source, true))
      else for (const { code } of result.failures) expect(['is_directory', 'not_directory', 'already_exists'], shown).toContain(code)
    }
  })
})
