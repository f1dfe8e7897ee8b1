import { type CallOptions, compareUtf8, type Entry, joinPath, type ListOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo, ObjectPage, ObjectStore } from '../object-store.ts'
import type { Call } from './activity.ts'
import { checkVariants } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toPrefix, toRelativeKey, toSegment } from './keys.ts'
import { findFile, holdsAny } from './look-up.ts'
import { refuseNested } from './nested.ts'
import { directoryStat } from './stat.ts'
import { createTreeWalk, toEntry } from './tree-walk.ts'
import { visiblePages } from './visible-pages.ts'

/**
 * Entries in the order of their keys' UTF-8 bytes, a directory as `name/`; as many requests as there are pages. Names that are shown escaped stand where
 * their keys stand, so that a listing can be streamed, and resumed, whatever it holds.
 */
export async function* list(context: TreeContext, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  const { activity, capabilities, nested, store } = context
  const call: Call = { op: 'list', path, signal: options.signal }
  const { limit, after } = await activity.run(call, async () => {
    checkVariants(capabilities, options)
    await refuseNested(nested, path, options)
    return { limit: checkLimit(options.limit), after: await resumeKey(store, path, options) }
  })
  let count = 0
  for await (const page of pagesOf(context, call, { ...options, after, limit })) {
    for (const entry of page) {
      if (count++ >= limit) return
      activity.check(call)
      yield entry
    }
    if (count >= limit && page.length > 0) return
  }
}

interface PageOptions extends ListOptions {
  /** Raw key below the directory; `undefined` from the beginning. */
  readonly after: string | undefined
  readonly limit: number
}

async function* pagesOf(context: TreeContext, call: Call, { recursive, after, limit, startAfter: given }: PageOptions): AsyncGenerator<readonly Entry[]> {
  const { activity, store } = context
  const { path, signal } = call
  const prefix = toPrefix(path)
  const toEntries = recursive === true ? createTreeWalk({ path, prefix, after: after ?? '' }) : (page: ObjectPage) => childrenOf(page, { path, prefix })
  // The directory's own marker takes a place in the first page.
  const pageSize = limit < 1000 ? limit + 1 : undefined
  const startAfter = after === undefined ? undefined : prefix + after
  const own = recursive === true ? await activity.run(call, () => objectOfDirectory(store, { prefix, after, startAfter: given, signal })) : undefined
  if (own !== undefined) yield toEntries({ objects: [own], prefixes: [] })
  const pages = visiblePages(context, { prefix, startAfter, pageSize, signal, ...(recursive === true ? {} : { delimiter: '/' as const }) })[Symbol.asyncIterator]()
  let isThere = path === '/'
  try {
    for (;;) {
      const step = await activity.run(call, () => pages.next())
      if (step.done === true) break
      isThere ||= step.value.objects.length + step.value.prefixes.length > 0
      yield toEntries(step.value)
    }
  } finally {
    await pages.return(undefined)
  }
  if (!isThere) await activity.run(call, () => refuseAbsent(store, path, { signal, after }))
}

/** An object with bytes whose key ends in `/` stands behind its directory, and listings of the store begin behind its key: one that is resumed between them asks for it. */
async function objectOfDirectory(store: ObjectStore, { prefix, after, startAfter, signal }: CallOptions & { readonly prefix: string; readonly after: string | undefined; readonly startAfter: string | undefined }): Promise<ObjectInfo | undefined> {
  const isBehindDirectory = after?.endsWith('/') === true && startAfter?.endsWith(`/${toSegment('')}`) === false
  if (!isBehindDirectory) return undefined
  const info = await store.head(prefix + after, { signal })
  return info === undefined || isMarker(info) ? undefined : info
}

/** An empty answer: of an empty rest, of a file, or of nothing. */
async function refuseAbsent(store: ObjectStore, path: Path, { signal, after }: CallOptions & { readonly after: string | undefined }): Promise<void> {
  if (after !== undefined && (await holdsAny(store, toPrefix(path), { signal }))) return
  throw new NexusError((await findFile(store, path, { signal })) === undefined ? 'not_found' : 'not_directory')
}

function childrenOf({ objects, prefixes }: ObjectPage, { path, prefix }: { readonly path: Path; readonly prefix: string }): Entry[] {
  const files = objects.filter((info) => !(info.key === prefix && isMarker(info))).map((info) => {
    return { key: info.key, entry: toEntry(path, toSegment(info.key.slice(prefix.length)), info) }
  })
  const directories = prefixes.map((key) => {
    const name = toSegment(key.slice(prefix.length, -1))
    return { key, entry: { name, ...directoryStat(joinPath(path, name)) } satisfies Entry }
  })
  return [...files, ...directories].sort((left, right) => compareUtf8(left.key, right.key)).map(({ entry }) => entry)
}

function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return Infinity
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  throw new NexusError('invalid_argument', { reason: 'A limit is a whole number from 0 on.' })
}

/** Where to resume: the name of a directory may come without its slash, and then stands for what is behind `name/`, unless a file has the name too. */
async function resumeKey(store: ObjectStore, path: Path, { startAfter, signal }: ListOptions): Promise<string | undefined> {
  if (startAfter === undefined || startAfter === '') return undefined
  const key = toRelativeKey(startAfter)
  if (startAfter.endsWith('/')) return key
  const full = toPrefix(path) + key
  const [info, isDirectory] = await Promise.all([full === '' ? undefined : store.head(full, { signal }), holdsAny(store, `${full}/`, { signal })])
  return isDirectory && (info === undefined || isMarker(info)) ? `${key}/` : key
}
