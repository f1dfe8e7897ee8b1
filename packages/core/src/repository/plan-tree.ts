import type { DeleteOptions, MkdirOptions, MoveOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { baseName, isWithin, parentPath, type Path, pathSegments } from '../contract/paths.ts'
import { rootNode } from './commit.ts'
import type { Draft } from './context.ts'
import { checkAbsence, checkConditions, makeDirectories, makeDirectory, planned, plannedExisting, plannedParent } from './plan-paths.ts'
import { place } from './plan-write.ts'
import { entryName, type EntryRow } from './rows.ts'
import { toMetadata } from './to-stat.ts'

/** Makes a directory. */
export function planMkdir(draft: Draft, path: Path, options: MkdirOptions = {}): EntryRow {
  const row = planned(draft, path)
  if (row !== undefined) {
    if (row.digest === null && options.recursive === true) return row
    throw new NexusError('already_exists', { path, reason: row.digest === null ? 'The directory exists already.' : 'A file of that name exists already.' })
  }
  if (options.recursive === true) makeDirectories(draft, path)
  else makeDirectory(draft, existingParent(draft, path), baseName(path))
  return plannedExisting(draft, path)
}

/** @throws NexusError `not_found`, or `not_directory` where the way to it leads through a file */
function existingParent(draft: Draft, path: Path): number {
  const parent = parentPath(path)
  const node = draft.directory(parent)
  if (node !== undefined) return node
  let at = rootNode
  let missing = ''
  for (const name of pathSegments(parent)) {
    missing = name
    const row = draft.view.entry(at, name)
    if (row === undefined) break
    if (row.digest !== null) throw new NexusError('not_directory', { path, reason: `"${name}", on the way to it, is a file; a directory was expected.` })
    at = row.node
  }
  throw new NexusError('not_found', { path, reason: `There is no directory "${missing}" on the way to it; pass recursive to make it.` })
}

/** Deletes a file or directory; a whole tree is one row. Gives the row as it was, `undefined` when nothing was there. */
export function planDelete(draft: Draft, path: Path, options: DeleteOptions = {}): EntryRow | undefined {
  if (path === '/') throw new NexusError('invalid_argument', { path, reason: 'The root of a repository cannot be deleted; delete what is in it.' })
  const row = planned(draft, path)
  if (row === undefined) {
    if (options.ifMatch !== undefined) checkConditions(row, options)
    if (options.force === true) return undefined
    throw new NexusError('not_found', { path })
  }
  checkConditions(row, { ifMatch: options.ifMatch })
  if (row.digest === null && options.recursive !== true && draft.hasChildren(row.node)) throw new NexusError('not_empty', { path })
  draft.apply({ op: 'delete', node: row.node, kind: row.digest === null ? 'directory' : 'file', directory: row.directory, name: entryName(row) })
  return row
}

/** Moves a file or directory; a whole tree is one row. */
export function planRename(draft: Draft, from: Path, { to, ...options }: MoveOptions & { readonly to: Path }): EntryRow {
  const row = checkedSource(draft, from, { to, ...options })
  if (from === to) return row
  const target = checkedTarget(draft, row, { to, ...options })
  const directory = target?.directory ?? plannedParent(draft, to)
  draft.apply({ op: 'rename', node: row.node, kind: row.digest === null ? 'directory' : 'file', directory: row.directory, name: entryName(row), to: { directory, name: baseName(to) } })
  return plannedExisting(draft, to)
}

/** Copies a file, or a whole tree, without moving a byte. */
export function planCopy(draft: Draft, from: Path, { to, ...options }: MoveOptions & { readonly to: Path }): EntryRow {
  const row = checkedSource(draft, from, { to, ...options })
  if (from === to) return row
  const target = checkedTarget(draft, row, { to, ...options })
  if (row.digest !== null) return place(draft, to, target, { digest: row.digest, size: row.size, type: row.type ?? undefined, metadata: toMetadata(row) })
  const node = draft.mint()
  const directory = plannedParent(draft, to)
  draft.apply({ op: 'copy', source: row.node, node, directory, name: baseName(to) })
  return { ...row, directory, key: `${baseName(to)}/`, node, born: draft.sequence, version: draft.sequence, modified: draft.time, created: draft.time }
}

function checkedSource(draft: Draft, from: Path, { to, ifMatch }: MoveOptions & { readonly to: Path }): EntryRow {
  if (from === '/') throw new NexusError('invalid_argument', { path: from, reason: 'The root cannot be moved or copied; name what is in it.' })
  const row = plannedExisting(draft, from)
  checkConditions(row, { ifMatch })
  if (row.digest === null && from !== to && isWithin(to, from)) {
    throw new NexusError('invalid_argument', { path: from, reason: 'A directory cannot go into itself.' })
  }
  return row
}

function checkedTarget(draft: Draft, row: EntryRow, { to, ifNoneMatch }: MoveOptions & { readonly to: Path }): EntryRow | undefined {
  const target = planned(draft, to)
  checkAbsence(target, ifNoneMatch)
  if (target !== undefined && target.digest === null) throw new NexusError('is_directory', { path: to })
  if (target !== undefined && row.digest === null) throw new NexusError('not_directory', { path: to, reason: 'A directory cannot replace a file.' })
  return target
}
