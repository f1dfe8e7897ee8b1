import { compareUtf8, type Entry, joinPath, type ListOptions, type Path, sortName } from '@nexus/core/contract'
import { checkRunnable } from './run.ts'
import { type DirectoryNode, memoryError, type MemoryState, type Place, toFileStat, type TreeNode } from './state.ts'
import { resolveNode } from './stat.ts'
import { findNode } from './tree.ts'

/** Entries by UTF-8 bytes, a directory as `name/`; each directory is listed as it is when the walk reaches it. */
export async function* list(state: MemoryState, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  const place = { op: 'list', path }
  checkRunnable(state, place, options.signal)
  const limit = checkLimit(options.limit, place)
  const node = await Promise.resolve(resolveNode(state, place, options))
  if (node.kind === 'file') throw memoryError('not_directory', place)
  let count = 0
  if (limit === 0) return
  for (const entry of walk(node, { path, prefix: '', after: resumeKey(node, options.startAfter), recursive: options.recursive === true })) {
    checkRunnable(state, place, options.signal)
    yield entry
    if (++count >= limit) return
  }
}

function checkLimit(limit: number | undefined, place: Place): number {
  if (limit === undefined) return Infinity
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  throw memoryError('invalid_argument', place, 'A limit is a whole number from 0 on.')
}

/** The key to resume after: the name of a directory may come without its slash. */
function resumeKey(node: DirectoryNode, startAfter: string | undefined): string {
  if (startAfter === undefined || startAfter === '' || startAfter.endsWith('/')) return startAfter ?? ''
  return findNode(node, `/${startAfter}` as Path)?.kind === 'directory' ? `${startAfter}/` : startAfter
}

interface Walk {
  readonly path: Path
  /** Key of this directory below the listed one; empty or ends in `/`. */
  readonly prefix: string
  readonly after: string
  readonly recursive: boolean
}

function* walk(directory: DirectoryNode, { path, prefix, after, recursive }: Walk): Generator<Entry> {
  for (const { name, key, node } of sortedEntries(directory, prefix)) {
    const below = joinPath(path, name)
    if (compareUtf8(key, after) > 0) yield { name, ...toFileStat(below, node) }
    const mayHoldMore = compareUtf8(key, after) > 0 || after.startsWith(key)
    if (recursive && node.kind === 'directory' && mayHoldMore) yield* walk(node, { path: below, prefix: key, after, recursive })
  }
}

interface KeyedNode {
  readonly name: string
  readonly key: string
  readonly node: TreeNode
}

function sortedEntries(directory: DirectoryNode, prefix: string): KeyedNode[] {
  const entries = Array.from(directory.entries, ([name, node]) => ({ name, key: prefix + sortName({ name, kind: node.kind }), node }))
  return entries.sort((left, right) => compareUtf8(left.key, right.key))
}
