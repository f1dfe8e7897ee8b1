import { describeBackend } from '@nexus/conformance'
import { type Backend, isNexusError, type Kernel, NexusError, type Path, parsePath, type ReadOptions } from '@nexus/core'
import { rootedAt } from './kernel-rooted-at.ts'
import { openWorld, type TieredWorld } from './tiering-kit.ts'

const hot = parsePath('/hot')

function rooted({ kernel }: TieredWorld): Backend {
  return rootedAt(kernel, hot)
}

describeBackend('A redirect from memory to memory', { open: async () => rooted(await openWorld()) })

describeBackend('A redirect whose first storage is full from the beginning', {
  open: async () => rooted(await openWorld({ rule: { olderThanMs: undefined, capacityBytes: 0 } })),
})

describeBackend('A redirect of a directory inside a mount', {
  open: async () => {
    const { kernel } = await openWorld({ rule: { from: parsePath('/hot/a/b') } })
    await kernel.mkdir(parsePath('/hot/a/b'), { recursive: true })
    return rootedAt(kernel, parsePath('/hot/a/b'))
  },
  knownGaps: { 'The root cannot be deleted: `invalid_argument`, or `busy` where it is a mount point.': 'the root of this view is a plain directory' },
})

describeBackend('A directory above a redirect', {
  open: async () => withoutHistory(rooted(await openWorld({ rule: { from: parsePath('/hot/docs') } }))),
})

/** Beside the redirected directory more can be done than at it, and the suite asks everywhere for what holds at the root. */
function withoutHistory(backend: Backend): Backend {
  const hidden = ['versions', 'snapshot', 'snapshots', 'deleteSnapshot', 'batch', 'changes']
  const refuse = (options: ReadOptions | undefined): void => {
    if (options?.version !== undefined || options?.snapshot !== undefined) throw new NexusError('unsupported', { op: 'read' })
  }
  return {
    ...(Object.fromEntries(Object.entries(backend).filter(([name]) => !hidden.includes(name))) as unknown as Backend),
    read: async (path, options) => {
      refuse(options)
      return backend.read(path, options)
    },
    stat: async (path, options) => {
      refuse(options)
      return backend.stat(path, options)
    },
  }
}

describeBackend('A redirect whose files are moved behind it after each write', {
  open: async () => rootedAt(demoting(await openWorld()), hot),
  knownGaps: {
    'The etag stays when nothing changes, and `read` tells the same one.': 'moving a file to other storage gives it another etag',
    '`rename` of a file onto itself changes nothing.': 'this view moves the file to other storage after it, which gives it another etag',
    '`copy` of a file onto itself changes nothing.': 'this view moves the file to other storage after it, which gives it another etag',
  },
})

/** Moves half of the files that are written, right after they are. */
function demoting({ kernel, tiers, hot: storage }: TieredWorld): Kernel {
  const [rule] = tiers.rules
  const redirect = rule && tiers.redirectOf(rule)?.redirect
  let count = 0
  const afterwards = async <T extends { readonly path: Path }>(stat: T): Promise<T> => {
    if (count++ % 2 === 0) return stat
    const inner = parsePath(stat.path.slice('/hot'.length) || '/')
    const here = await storage.stat(inner).catch((error: unknown) => {
      if (isNexusError(error, 'not_found')) return undefined
      throw error
    })
    if (here?.kind === 'file') await redirect?.demote(here)
    return (await kernel.stat(stat.path)) as unknown as T
  }
  return {
    ...kernel,
    write: async (path, body, options) => afterwards(await kernel.write(path, body, options)),
    append: async (path, body, options) => afterwards(await kernel.append(path, body, options)),
    copy: async (from, to, options) => afterwards(await kernel.copy(from, to, options)),
    rename: async (from, to, options) => afterwards(await kernel.rename(from, to, options)),
  }
}
