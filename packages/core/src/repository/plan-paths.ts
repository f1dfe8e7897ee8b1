import { NexusError } from '../contract/errors.ts'
import { baseName, parentPath, type Path, pathSegments } from '../contract/paths.ts'
import { rootNode } from './commit.ts'
import type { Draft } from './context.ts'
import type { EntryRow } from './rows.ts'
import { toEtag } from './to-stat.ts'

/** The root as a row, so that it can be looked at like every other directory. */
export const rootRow: EntryRow = { directory: 0, key: '/', node: rootNode, born: 0, version: 0, digest: null, size: 0, modified: 0, created: 0, type: null, metadata: null }

/** What is at a path while a commit is planned; `undefined` for nothing, also when a parent is missing or a file. */
export function planned(draft: Draft, path: Path): EntryRow | undefined {
  if (path === '/') return rootRow
  const directory = draft.directory(parentPath(path))
  return directory === undefined ? undefined : draft.view.entry(directory, baseName(path))
}

/** @throws NexusError `not_found` */
export function plannedExisting(draft: Draft, path: Path): EntryRow {
  const row = planned(draft, path)
  if (row === undefined) throw new NexusError('not_found', { path })
  return row
}

/** The node of the directory that will hold `path`, made with all its parents where it is missing. @throws NexusError `not_directory` */
export function plannedParent(draft: Draft, path: Path): number {
  const parent = parentPath(path)
  return draft.directory(parent) ?? makeDirectories(draft, parent)
}

/** Makes a directory and its parents. @throws NexusError `not_directory` */
export function makeDirectories(draft: Draft, path: Path): number {
  let node = rootNode
  for (const name of pathSegments(path)) {
    const row = draft.view.entry(node, name)
    if (row !== undefined && row.digest !== null) throw new NexusError('not_directory', { path, reason: `"${name}" is a file; a directory was expected.` })
    node = row?.node ?? makeDirectory(draft, node, name)
  }
  return node
}

/** Makes one directory. */
export function makeDirectory(draft: Draft, directory: number, name: string): number {
  const node = draft.mint()
  draft.apply({ op: 'mkdir', node, directory, name })
  return node
}

/** Asked before everything else of a target: whatever is there, it is not replaced. @throws NexusError `precondition_failed` */
export function checkAbsence(row: EntryRow | undefined, ifNoneMatch: '*' | undefined): void {
  if (ifNoneMatch !== undefined && row !== undefined) throw new NexusError('precondition_failed', { reason: 'Something is there already.' })
}

/** @throws NexusError `precondition_failed` */
export function checkConditions(row: EntryRow | undefined, options: { readonly ifMatch?: string | undefined }): void {
  if (options.ifMatch === undefined) return
  if (row === undefined) throw new NexusError('precondition_failed', { reason: 'The file is not there any more.' })
  if (toEtag(row) !== options.ifMatch) throw new NexusError('precondition_failed', { reason: 'The file was changed meanwhile; read it again and repeat.' })
}
