import { openMemory } from '@nexus/backend-memory'
import { type Backend, createKernel, createTiers, type Entry, type Kernel, parsePath, type Path, type TierRule, type Tiers } from '@nexus/core'

/** A filesystem whose mount `/hot` keeps the paths of files that lie under `/cold`. */
export interface TieredWorld {
  readonly kernel: Kernel
  readonly tiers: Tiers
  /** The two storages, without the redirect. */
  readonly hot: Backend
  readonly cold: Backend
  /** Moves one file behind the redirect, if there is such a file in the first storage. */
  readonly demote: (path: string) => Promise<boolean>
}

/** What is special about a world. */
export interface WorldOptions {
  readonly hot?: Backend | undefined
  readonly cold?: Backend | undefined
  readonly rule?: Partial<TierRule> | undefined
  readonly now?: (() => number) | undefined
}

/** Two stores in memory and a rule that leads from one to the other. */
export async function openWorld({ hot = openMemory(), cold = openMemory(), rule = {}, now }: WorldOptions = {}): Promise<TieredWorld> {
  const kernel = createKernel()
  const rules: readonly TierRule[] = [{ from: parsePath('/hot'), to: parsePath('/cold/tier'), paths: 'keep', olderThanMs: 0, ...rule }]
  const tiers = createTiers({ rules, target: kernel, now })
  const mounts = [{ mountPoint: parsePath('/hot'), backend: hot }, { mountPoint: parsePath('/cold'), backend: cold }]
  for (const mount of mounts) await kernel.mount({ ...mount, backendType: 'memory', layers: { tier: tiers.layerFor(mount, mounts) } })
  const demote = async (path: string): Promise<boolean> => {
    const [first] = rules
    const redirect = first && tiers.redirectOf(first)?.redirect
    if (redirect === undefined) throw new Error('The rule has no redirect.')
    const stat = await redirect.tier().hot.stat(parsePath(path))
    return await redirect.demote(stat)
  }
  return { kernel, tiers, hot, cold, demote }
}

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** What a file reads as. */
export async function textOf(backend: Pick<Backend, 'read'>, path: string): Promise<string> {
  await using content = await backend.read(parsePath(path))
  return await content.text()
}

/** All entries below a directory. */
export async function entriesOf(backend: Pick<Backend, 'list'>, path: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of backend.list(parsePath(path), { recursive: true })) entries.push(entry)
  return entries
}

/** The paths of all files below a directory; none where it is absent. */
export async function filesOf(backend: Pick<Backend, 'list'>, path: string): Promise<Path[]> {
  return (await entriesOf(backend, path)).filter(({ kind }) => kind === 'file').map((entry) => entry.path)
}
