import { type CallOptions, NexusError, type Path, type Usage } from '@nexus/core/contract'
import type { TreeContext } from './context.ts'
import { toPrefix } from './keys.ts'
import { findFile } from './look-up.ts'
import { createTreeWalk } from './tree-walk.ts'
import { visiblePages } from './visible-pages.ts'

/** Counts what is at and below a path, the directory itself not: as many requests as a listing has pages. */
export async function usage(context: TreeContext, path: Path, { signal }: CallOptions): Promise<Usage> {
  const file = path === '/' ? undefined : await findFile(context.store, path, { signal })
  const total = file === undefined ? { files: 0, directories: 0, logicalBytes: 0 } : { files: 1, directories: 0, logicalBytes: file.sizeBytes }
  const prefix = toPrefix(path)
  const toEntries = createTreeWalk({ path, prefix, after: '' })
  let isThere = path === '/' || file !== undefined
  for await (const page of visiblePages(context, { prefix, signal })) {
    isThere ||= page.objects.length > 0
    for (const { kind, sizeBytes } of toEntries(page)) {
      if (kind === 'file') total.files++
      else total.directories++
      total.logicalBytes += sizeBytes ?? 0
    }
  }
  if (!isThere) throw new NexusError('not_found')
  return total
}
