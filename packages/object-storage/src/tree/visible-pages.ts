import type { ListPagesOptions, ObjectInfo, ObjectPage } from '../object-store.ts'
import type { TreeContext } from './context.ts'
import type { Search } from './nested.ts'

/**
 * The pages of a listing, with a directory's marker in place of each repository that lies below the prefix, or at it. As many requests as there are pages,
 * one for each directory in which a name is one of a repository's parts, and one behind each repository, whose own pages are not read.
 */
export async function* visiblePages(context: TreeContext, { startAfter, ...options }: ListPagesOptions): AsyncGenerator<ObjectPage> {
  const search = context.nested.startSearch(options.prefix, options)
  let after = startAfter
  do {
    let skipTo: string | undefined
    for await (const page of context.store.list({ ...options, startAfter: after })) {
      const { visible, closed } = await withoutNested(search, page, options)
      yield visible
      if (closed === options.prefix) return
      skipTo = closed === undefined ? undefined : behindParts(closed, page)
      if (skipTo !== undefined) break
    }
    after = skipTo
  } while (after !== undefined)
}

interface Visible {
  readonly visible: ObjectPage
  /** The repository in which the page ends. */
  readonly closed: string | undefined
}

async function withoutNested(search: Search, page: ObjectPage, { prefix }: Pick<ListPagesOptions, 'prefix'>): Promise<Visible> {
  const objects: ObjectInfo[] = []
  let closed: string | undefined
  for (const info of page.objects) {
    if (closed !== undefined && info.key.startsWith(closed)) continue
    closed = await search(info.key)
    if (closed === prefix) return { visible: { objects: [markerOf(prefix)], prefixes: [] }, closed }
    objects.push(closed === undefined ? info : markerOf(closed))
  }
  // The prefixes of a listing with a delimiter tell no more than that the listed directory itself may be one.
  for (const name of page.prefixes) {
    const found = await search(name)
    if (found !== undefined) return { visible: { objects: [markerOf(found)], prefixes: [] }, closed: found }
  }
  return { visible: { objects, prefixes: page.prefixes }, closed }
}

/** Stands for a directory, as consoles make such. */
function markerOf(key: string): ObjectInfo {
  return { key, sizeBytes: 0, etag: '', modifiedAt: new Date(0) }
}

/** Behind all names of a repository's parts; `undefined` when the page has come so far. */
function behindParts(closed: string, { objects, prefixes }: ObjectPage): string | undefined {
  const behind = `${closed}~`
  const last = [objects.at(-1)?.key ?? '', prefixes.at(-1) ?? '']
  return last.every((key) => key < behind) ? behind : undefined
}
