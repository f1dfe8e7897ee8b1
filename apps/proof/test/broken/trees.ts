import type { MemoryBackend } from '@nexus/backend-memory'
import { type Backend, compareUtf8, type Entry, type FileStat, type MoveOptions, NexusError, parentPath, type Path, relativePath, rootPath } from '@nexus/core/contract'
import {
  after,
  before,
  collect,
  declaring,
  endSteps,
  ignoring,
  instead,
  listing,
  listingAll,
  type Mutation,
  recode,
  statting,
  swallow,
} from './mutation.ts'

/** Copies by a rule of its own what it is told to be stored here, whatever the service. */
const inService =
  (copy: (inner: Parameters<Mutation>[0], key: Path, to: Path, options: MoveOptions) => Promise<FileStat>): Mutation =>
  (inner) => ({
    ...inner,
    storedAt: (path) => ({ service: 'memory', container: '', key: path }),
    copyFrom: ({ key }, to, options = {}) => copy(inner, (key.startsWith('/') ? key : `/${key}`) as Path, to, options),
  })

/** The key of an entry in a listing: relative, a directory with its `/`. */
function keyOf(entry: Entry, listed: Path): string {
  return relativePath(entry.path, listed).slice(1) + (entry.kind === 'directory' ? '/' : '')
}

/** Resumes by a rule of its own. */
function resuming(isAfter: (key: string, startAfter: string, keys: readonly string[]) => boolean): Mutation {
  return listingAll((entries, { startAfter, limit }, path) => {
    const keys = entries.map((entry) => keyOf(entry, path))
    return entries.filter((_, index) => startAfter === undefined || isAfter(keys[index] ?? '', startAfter, keys)).slice(0, limit)
  })
}

/** Everything whose path begins like `path`, neighbours too. */
async function alike(inner: Backend, path: Path): Promise<Entry[]> {
  return (await collect(inner.list(parentPath(path)))).filter((entry) => entry.path.startsWith(path))
}

/** Loses the directories in a directory that was moved or copied. */
async function loseDirectories(inner: Backend, _from: Path, to: unknown): Promise<void> {
  if ((await inner.stat(to as Path)).kind === 'file') return
  for (const { kind, path } of await collect(inner.list(to as Path)))
    if (kind === 'directory') await inner.delete(path, { recursive: true })
}

/** A move onto itself ends badly. */
function hurtingItself(verb: 'rename' | 'copy', hurt: (inner: Backend, path: Path) => Promise<unknown>): Mutation {
  return instead(verb, (move, inner) => async (from, to, options) => {
    const stat = await move(from, to, options)
    if (from === to) await hurt(inner, from)
    return stat
  })
}

/** Never forgets that something was deleted. */
const withTombstones: Mutation = (inner) => {
  const gone = new Set<Path>()
  const remove: Backend['delete'] = (path, options) => {
    gone.add(path)
    return inner.delete(path, options)
  }
  const write: Backend['write'] = (path, body, options) =>
    gone.has(path) ? Promise.reject(new NexusError('not_found')) : inner.write(path, body, options)
  return { ...inner, delete: remove, write }
}

/** After a move the two names are one file. */
const linking =
  (verb: 'rename' | 'copy'): Mutation =>
  (inner) => {
    const links = new Map<Path, Path>()
    const follow = (path: Path): Path => links.get(path) ?? path
    const move: MemoryBackend['rename'] = (from, to, options) => {
      links.set(verb === 'rename' ? from : to, verb === 'rename' ? to : from)
      return inner[verb](from, to, options)
    }
    return {
      ...inner,
      [verb]: move,
      write: (path, body, options) => inner.write(follow(path), body, options),
      read: (path, options) => inner.read(follow(path), options),
    }
  }

/** Counts entries instead of remembering names. */
const listingByOffset = instead(
  'list',
  (list) =>
    async function* (path, options) {
      for (let index = 0; ; index++) {
        const entry = (await collect(list(path, options)))[index]
        if (entry === undefined) return
        yield entry
      }
    },
)

/** Lists as soon as it is called. */
const listingEagerly = instead('list', (list) => (path, options) => {
  const entries = Promise.allSettled([collect(list(path, options))])
  return (async function* () {
    const [outcome] = await entries
    if (outcome.status === 'rejected') throw outcome.reason
    yield* outcome.value
  })()
})

/** Gives the same entries again. */
const sharingEntries: Mutation = (inner) => {
  const kept = new Map<Path, Entry[]>()
  const list: Backend['list'] = async function* (path, options) {
    const entries = kept.get(path) ?? (await collect(inner.list(path, options)))
    kept.set(path, entries)
    yield* entries
  }
  return { ...inner, list }
}

/** Cannot be left. */
const listingOn = instead('list', (list) => (path, options) => {
  const iterator = list(path, options)[Symbol.asyncIterator]()
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }
})

const neverReplacing = (verb: 'rename' | 'copy'): Mutation =>
  instead(verb, (move) => (from, to, options) => move(from, to, { ...options, ifNoneMatch: '*' }))

/** Broken deletes, listings, directories and moves. By sentence: a backend on which its case must go red. */
export const treesBroken: Readonly<Record<string, Mutation>> = {
  '`delete` removes a file from `stat`, `read` and `list`.': instead('delete', () => () => Promise.resolve()),
  '`delete` of what is absent fails with `not_found`, with `recursive` too.': swallow('delete', 'not_found'),
  '`delete` with `force` of what is absent succeeds.': ignoring('force', 'delete'),
  '`delete` of a directory with something in it fails with `not_empty` unless `recursive`, with `force` too.': instead(
    'delete',
    (remove) => (path, options) => remove(path, { ...options, recursive: true }),
  ),
  '`delete` with `recursive` removes a directory and all below it.': ignoring('recursive', 'delete'),
  '`delete` with `recursive` removes a file as well.': instead('delete', (remove, inner) => async (path, options) => {
    if (options?.recursive === true && (await inner.stat(path)).kind === 'file') throw new NexusError('not_directory')
    return remove(path, options)
  }),
  '`delete` removes an empty directory.': before('delete', async (inner, path) =>
    (await inner.stat(path)).kind === 'directory' ? Promise.reject(new NexusError('not_empty')) : undefined,
  ),
  'A directory stays when its last entry goes if `emptyDirectories` says so, and goes with it if not.': declaring({
    emptyDirectories: false,
  }),
  '`delete` touches no neighbour whose name begins alike.': after('delete', async (inner, path) => {
    for (const entry of await alike(inner, path)) await inner.delete(entry.path, { recursive: true })
  }),
  'The root cannot be deleted: `invalid_argument`, or `busy` where it is a mount point.': swallow('delete', 'invalid_argument'),
  'What was deleted can be written again, as file or as directory.': withTombstones,
  '`list` gives the direct children of a directory with name, path and kind.': listing((entries) =>
    entries.map((entry) => ({ ...entry, name: entry.path })),
  ),
  '`list` orders by UTF-8 bytes, a directory as `name/`.': listing((entries) =>
    entries.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
  ),
  '`list` with `recursive` gives everything below, directories too, in the order of the full keys.': listing((entries, { recursive }) =>
    recursive === true ? entries.filter(({ kind }) => kind === 'file') : entries,
  ),
  '`list` of an empty directory or backend gives nothing.': listing((entries, _options, path) =>
    entries.length === 0 ? [{ name: '.', path, kind: 'directory' }] : entries,
  ),
  '`list` of what is absent fails with `not_found`, from the first step of the iteration.': endSteps('list', 'not_found'),
  '`list` of a file fails with `not_directory`, and of what is below it with `not_found`.': endSteps('list', 'not_directory'),
  '`startAfter` resumes after the entry of that name.': resuming((key, startAfter) => compareUtf8(key, startAfter) >= 0),
  '`startAfter` takes a name that is not there, and resumes where it would stand.': resuming(
    (key, startAfter, keys) => keys.indexOf(key) > keys.indexOf(startAfter),
  ),
  '`startAfter` takes the name of a directory with or without its `/`.': resuming((key, startAfter) => compareUtf8(key, startAfter) > 0),
  'With `recursive`, `startAfter` is a relative path, and what stands below it is not skipped.': resuming(
    (key, startAfter) => compareUtf8(key, startAfter) > 0 && !key.startsWith(startAfter),
  ),
  '`limit` ends a listing after so many entries; 0 gives none.': ignoring('limit', 'list'),
  'A negative or fractional `limit` fails with `invalid_argument`.': ignoring('limit', 'list'),
  'Pages of `limit` entries, each begun after the last key of the one before, give every entry once.': ignoring('startAfter', 'list'),
  'A listing longer than a page of the storage is complete and in order.': listing((entries) => entries.slice(0, 250)),
  'What a listing tells of an entry is what `stat` tells.': listing((entries) => entries.map((entry) => ({ ...entry, etag: 'another' }))),
  'A listing that the caller leaves ends there, and the backend goes on.': listingOn,
  'Calling `list` does nothing before the first step, and each call begins from the beginning.': listingEagerly,
  'An entry that is there all the time is listed once, whatever else comes and goes meanwhile.': listingByOffset,
  "The members of a listing that the caller changes are the caller's own.": sharingEntries,
  '`mkdir` makes an empty directory; where `emptyDirectories` is undeclared it fails with `unsupported`.': instead(
    'mkdir',
    () => () => Promise.resolve(),
  ),
  '`mkdir` where something is fails with `already_exists`.': swallow('mkdir', 'already_exists'),
  '`mkdir` without its parent fails with `not_found`.': instead(
    'mkdir',
    (mkdir) => (path, options) => mkdir(path, { ...options, recursive: true }),
  ),
  '`mkdir` below a file fails with `not_directory`, with `recursive` too.': recode('mkdir', 'not_directory', 'not_found'),
  '`mkdir` with `recursive` makes missing parents, and an existing directory is success.': ignoring('recursive', 'mkdir'),
  '`mkdir` with `recursive` where a file is fails with `already_exists`.': swallow('mkdir', 'already_exists'),
  'Parents that a write made are directories like others.': instead('stat', (stat) => async (path, options) => {
    const found = await stat(path, options)
    if (found.kind === 'directory') throw new NexusError('not_found', { op: 'stat', path })
    return found
  }),
  '`rename` moves a file with content type and metadata, makes missing parents, and leaves nothing behind.': instead(
    'rename',
    (_rename, inner) => (from, to, options) => inner.copy(from, to, options),
  ),
  '`rename` replaces an existing file.': neverReplacing('rename'),
  '`rename` gives the stat of the target.': statting('rename', (stat) => ({ ...stat, path: rootPath })),
  '`rename` of a file onto itself changes nothing.': hurtingItself('rename', (inner, path) => inner.delete(path)),
  '`rename` of what is absent fails with `not_found`, onto itself too.': swallow('rename', 'not_found'),
  '`rename` of a file onto a directory fails with `is_directory`.': swallow('rename', 'is_directory'),
  '`rename` to a place below a file fails with `not_directory`.': swallow('rename', 'not_directory'),
  '`rename` with `ifMatch` checks the etag of the source.': ignoring('ifMatch', 'rename'),
  '`rename` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where something is.': ignoring('ifNoneMatch', 'rename'),
  'After `rename` the old name is free: what is written there is another file.': linking('rename'),
  '`rename` of a directory moves everything below it.': after('rename', loseDirectories),
  '`rename` of a directory leaves neighbours whose names begin alike.': after('rename', async (inner, from, to) => {
    for (const entry of await alike(inner, from)) await inner.rename(entry.path, ((to as string) + entry.path.slice(from.length)) as Path)
  }),
  '`rename` of a directory onto itself changes nothing.': hurtingItself('rename', () => Promise.reject(new NexusError('invalid_argument'))),
  '`rename` of a directory into itself fails with `invalid_argument` and changes nothing.': recode('rename', 'invalid_argument'),
  '`rename` of a directory onto a directory fails with `is_directory`, also onto one above it.': recode(
    'rename',
    'is_directory',
    'already_exists',
  ),
  '`rename` of a directory onto a file fails with `not_directory`.': recode('rename', 'not_directory', 'already_exists'),
  '`rename` of a directory that is not atomic needs `allowNonAtomic`, and without it fails with `unsupported`.': declaring({
    directoryRename: 'emulated',
  }),
  '`copy` copies a file with content type and metadata, makes missing parents, and leaves the source.': instead(
    'copy',
    (_copy, inner) => (from, to, options) => inner.rename(from, to, options),
  ),
  '`copy` replaces an existing file.': neverReplacing('copy'),
  '`copy` gives the stat of the target.': statting('copy', (stat) => ({ ...stat, path: rootPath })),
  'After `copy`, source and target are two files: a change of one is none of the other.': linking('copy'),
  '`copy` of a file onto itself changes nothing.': hurtingItself('copy', (inner, path) => inner.write(path, new Uint8Array(0))),
  '`copy` of what is absent fails with `not_found`, onto itself too.': swallow('copy', 'not_found'),
  '`copy` of a file onto a directory fails with `is_directory`.': swallow('copy', 'is_directory'),
  '`copy` to a place below a file fails with `not_directory`.': swallow('copy', 'not_directory'),
  '`copy` with `ifMatch` checks the etag of the source.': ignoring('ifMatch', 'copy'),
  '`copy` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where something is.': ignoring('ifNoneMatch', 'copy'),
  '`copy` of a directory copies all below it in one step, or fails with `is_directory` and copies nothing.': after('copy', loseDirectories),
  '`copy` of a directory into itself fails with `invalid_argument` (`is_directory` where directories are not copied) and changes nothing.':
    recode('copy', 'invalid_argument'),
  '`copy` of a directory replaces nothing: onto a directory it fails with `is_directory`, onto a file with `not_directory` (`is_directory` where directories are not copied).':
    recode('copy', 'is_directory', 'already_exists'),
  '`copyFrom` copies the file that `storedAt` names, where a backend has both, as `copy` does, under the conditions of both ends.':
    inService((inner, key, to) => inner.copy(key, to, {})),
  '`copyFrom` gives `undefined` for a file of another service, and changes nothing.': inService((inner, key, to, options) => inner.copy(key, to, options)),
}
