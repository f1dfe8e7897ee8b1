import { setImmediate } from 'node:timers/promises'
import type { MemoryBackend } from '@nexus/backend-memory'
import {
  type Backend,
  type BatchOperation,
  type Change,
  type FileStat,
  type FileVersion,
  isNexusError,
  type Metadata,
  NexusError,
  type Path,
  relocateError,
  rootPath,
} from '@nexus/core/contract'
import { after, collect, declaring, endSteps, ignoring, instead, type Mutation, recodeSteps, statting, swallow } from './mutation.ts'

/** Writes other metadata than it was given. */
function writingMetadata(change: (given: Metadata, inner: MemoryBackend, path: Path) => Metadata | Promise<Metadata>): Mutation {
  return instead(
    'write',
    (write, inner) => async (path, body, options) =>
      write(path, body, { ...options, metadata: await change(options?.metadata ?? {}, inner, path) }),
  )
}

/** Gives other versions. */
function versioning(change: (versions: FileVersion[]) => FileVersion[]): Mutation {
  return instead(
    'versions',
    (versions) =>
      async function* (path, options) {
        yield* change(await collect(versions(path, options)))
      },
  )
}

/** Tells nothing of what was, of paths that earlier calls concern. */
function hidingAfter(member: 'delete' | 'rename', isHidden: (path: Path, from: Path, to: unknown) => boolean): Mutation {
  return (inner) => {
    const calls: (readonly [Path, unknown])[] = []
    const noting = (...args: readonly unknown[]): unknown => {
      calls.push([args[0] as Path, args[1]])
      return (inner[member] as (...given: readonly unknown[]) => unknown)(...args)
    }
    const versions: Backend['versions'] = async function* (path, options) {
      const all = await collect(inner.versions(path, options))
      yield* calls.some(([from, to]) => isHidden(path, from, to)) ? all.filter(({ current }) => current) : all
    }
    return { ...inner, [member]: noting, versions }
  }
}

/** Shows the past of the source as the copy's own. */
const copyingHistory: Mutation = (inner) => {
  const sources = new Map<Path, Path>()
  const copy: Backend['copy'] = (from, to, options) => {
    sources.set(to, from)
    return inner.copy(from, to, options)
  }
  const versions: Backend['versions'] = (path, options) => inner.versions(sources.get(path) ?? path, options)
  return { ...inner, copy, versions }
}

/** Does the steps of a batch differently. */
function batching(change: (operations: readonly BatchOperation[], batch: MemoryBackend['batch']) => Promise<FileStat[]>): Mutation {
  return instead('batch', (batch) => (operations) => change(operations, batch))
}

/** Tells changes differently. */
function changing(change: (change: Change) => Change[], first: readonly Change[] = []): Mutation {
  return instead(
    'changes',
    (changes) =>
      async function* (path, options) {
        yield* first
        for await (const told of changes(path, options)) yield* change(told)
      },
  )
}

const oldChange: Change = { type: 'created', path: '/docs/before' as Path, kind: 'file', cursor: 'old' }

/** Says where it failed in words of its own. */
function misplacing(place: { readonly op?: string; readonly path?: string }): Mutation {
  return instead(
    'stat',
    (stat) => (path, options) =>
      stat(path, options).catch((error: unknown) => Promise.reject(isNexusError(error) ? relocateError(error, place) : (error as Error))),
  )
}

/** Broken metadata, versions, snapshots, batches, changes, errors and ends. By sentence: a backend on which its case must go red. */
export const historiesBroken: Readonly<Record<string, Mutation>> = {
  '`write` keeps content type and metadata for `stat` and `read`.': ignoring('contentType', 'write'),
  '`write` without metadata leaves a file without any, whatever it replaced.': writingMetadata(async (given, inner, path) => ({
    ...(await inner.stat(path).catch(() => undefined))?.metadata,
    ...given,
  })),
  '`setMetadata` merges: named values replace, others stay, `null` removes.': instead(
    'setMetadata',
    (setMetadata, inner) => async (path, patch, options) => {
      const { metadata } = await inner.stat(path)
      return setMetadata(path, { ...Object.fromEntries(Object.keys(metadata).map((name) => [name, null])), ...patch }, options)
    },
  ),
  'Changes of the metadata of one file at the same time all arrive.': instead(
    'setMetadata',
    (setMetadata, inner) => async (path, patch, options) => {
      const before = (await inner.stat(path)).metadata
      const { metadata } = await setMetadata(path, patch, options)
      await setImmediate()
      // As if what came in between had not been seen.
      const unseen = Object.keys((await inner.stat(path)).metadata).filter((one) => !(one in before) && !(one in metadata))
      return setMetadata(path, Object.fromEntries(unseen.map((one) => [one, null])))
    },
  ),
  '`setMetadata` changes neither content nor content type.': statting('setMetadata', (stat) => ({ ...stat, contentType: undefined })),
  '`setMetadata` of what is absent fails with `not_found`, and of a directory with `is_directory`.': swallow('setMetadata', 'not_found'),
  '`setMetadata` with `ifMatch` changes the file that has this etag, and else fails with `precondition_failed`.': ignoring(
    'ifMatch',
    'setMetadata',
  ),
  'A value may be any text, the empty one too.': writingMetadata((given) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value.trim()])),
  ),
  'The metadata `mode`, such as `755`, is kept when it makes a file executable.': writingMetadata(({ mode: _mode, ...rest }) => rest),
  '`versions` gives the kept states of a file, newest first, each readable by its version.': versioning((versions) =>
    versions.toReversed(),
  ),
  'The version that `read` gives now is marked `current`, and no other.': versioning((versions) =>
    versions.map((version) => ({ ...version, current: true })),
  ),
  '`stat` and `read` with `version` tell of that state, metadata included.': ignoring('version', 'stat', 'read'),
  '`versions` of a name that has none fails with `not_found`, and so does an unknown `version`.': endSteps('versions', 'not_found'),
  '`versions` of a directory fails with `is_directory`, also where a file had its name before.': recodeSteps('versions', 'is_directory', 'not_found'),
  'Versions outlive the file: after `delete` they are listed, none of them current, and can be read.': instead(
    'versions',
    (versions, inner) =>
      async function* (path, options) {
        await inner.stat(path)
        yield* versions(path, options)
      },
  ),
  'A name that is written again keeps the versions from before its deletion.': hidingAfter('delete', (path, deleted) => path === deleted),
  'So does a name in a directory that was deleted and made again.': hidingAfter('delete', (path, deleted) => path.startsWith(`${deleted}/`)),
  'What `rename` replaced leaves its versions with the name, also when the file moves on.': hidingAfter('rename', (path, from) => path === from),
  'The versions of what was deleted in a directory move with the directory.': hidingAfter('rename', (path, _from, to) => path.startsWith(`${String(to)}/`)),
  '`rename` takes the versions of a file along.': instead('rename', (_rename, inner) => async (from, to) => {
    const stat = await inner.copy(from, to)
    await inner.delete(from)
    return stat
  }),
  '`copy` begins a history of its own.': copyingHistory,
  'A snapshot keeps a directory as it was, for `stat`, `read` and `list` with `snapshot`.': ignoring('snapshot', 'read', 'stat', 'list'),
  'A snapshot outlives the deletion of its directory.': after('delete', (inner, path) => inner.deleteSnapshot(path, 'before')),
  'A snapshot of the root holds everything.': instead(
    'snapshot',
    (snapshot) => (path, name, options) =>
      path === rootPath ? Promise.reject(new NexusError('invalid_argument')) : snapshot(path, name, options),
  ),
  'A name that is taken at a path fails with `already_exists`; another path may use it.': instead(
    'snapshot',
    (snapshot, inner) => async (path, name) => {
      await inner.deleteSnapshot(path, name).catch(() => undefined)
      return snapshot(path, name)
    },
  ),
  'A snapshot of what is absent fails with `not_found`, and of a file with `not_directory`.': swallow('snapshot', 'not_directory'),
  '`snapshots` gives the snapshots taken at a path, oldest first.': instead(
    'snapshots',
    (snapshots) =>
      async function* (path, options) {
        const all = await collect(snapshots(path, options))
        yield* all.toSorted((left, right) => (left.name < right.name ? -1 : 1))
      },
  ),
  '`deleteSnapshot` lets a snapshot go, and fails with `not_found` where there is none.': instead(
    'deleteSnapshot',
    () => () => Promise.resolve(),
  ),
  'An unknown snapshot fails with `not_found`.': ignoring('snapshot', 'read'),
  '`batch` does its steps in order, each upon what the ones before it left.': batching((operations, batch) =>
    batch(operations.toReversed()),
  ),
  '`batch` gives a stat for each step: the one after it, and for `delete` the one before.': batching(async (operations, batch) =>
    (await batch(operations)).toReversed(),
  ),
  '`batch` takes `mkdir` and `setMetadata` where they are declared.': batching((operations, batch) =>
    operations.some(({ op }) => op === 'mkdir') ? Promise.reject(new NexusError('unsupported')) : batch(operations),
  ),
  'When a step fails, `batch` fails with its code and none of its steps has happened.': batching(async (operations, batch) => {
    const stats: FileStat[] = []
    for (const operation of operations) stats.push(...(await batch([operation])))
    return stats
  }),
  'Conditions in a `batch` hold for all of it.': batching((operations, batch) =>
    batch(operations.map((operation) => ({ ...operation, ifMatch: undefined }))),
  ),
  'A `batch` of nothing changes nothing and gives nothing.': batching((operations, batch) =>
    operations.length === 0 ? Promise.reject(new NexusError('invalid_argument')) : batch(operations),
  ),
  'What a `batch` writes and itself replaces or deletes is no version: nobody ever saw it.': batching(async (operations, batch) => {
    const stats: FileStat[] = []
    for (const operation of operations) stats.push(...(await batch([operation])))
    return stats
  }),
  '`changes` tells of a file that is written from its first step on.': changing((change) => [change], [oldChange]),
  '`changes` tells of a file that is deleted.': changing((change) => [change.type === 'deleted' ? { ...change, path: rootPath } : change]),
  '`changes` tells of nothing outside its path, and without `recursive` only of direct children.': ignoring('recursive', 'changes'),
  '`since` goes on after a change, gives every later one once and in order, and is refused with `unsupported` by `live` backends.':
    changing((change) => [change, change]),
  'A resumable change says `created`, `modified`, `deleted` or `renamed` (with `from`), as it was.': changing((change) => [
    { ...change, type: 'modified' },
  ]),
  'An unknown cursor fails with `invalid_argument`.': recodeSteps('changes', 'invalid_argument', 'not_found'),
  'An abort ends `changes` that wait, with `signal.reason`.': instead(
    'changes',
    (changes) =>
      async function* (path, options) {
        try {
          yield* changes(path, options)
        } catch (error) {
          if (options?.signal?.aborted !== true) throw error
        }
      },
  ),
  '`changes` calls `onBegin` once, and tells of everything that happens from then on.': instead('changes', (changes) => (path, options) => {
    const told = changes(path, { ...options, onBegin: () => undefined })
    options?.onBegin?.()
    let count = 0
    return (async function* () {
      for await (const change of told) if (count++ > 0) yield change
    })()
  }),
  '`usage`, where there is one, counts files, directories below and bytes at and below a path.': instead(
    'usage',
    (usage) => async (path) => {
      const found = await usage(path)
      return { ...found, directories: found.directories + 1 }
    },
  ),
  '`usage` of what is absent fails with `not_found`.': swallow('usage', 'not_found'),
  '`search` finds the lines that hold a text, where it is declared.': declaring({ search: true }),
  '`presign` gives a URL of the file, where it is declared.': declaring({ presign: true }),
  'Every failure is a NexusError, recognised by `isNexusError`, whose message names path and code.': instead(
    'stat',
    (stat) => (path, options) => stat(path, options).catch(() => Promise.reject(new Error('ENOENT'))),
  ),
  'The `path` of a failure is the path that the caller wrote.': misplacing({ path: '/inside/of/it' }),
  'The `op` of a failure is the verb that failed.': misplacing({ op: 'head' }),
  'After `close` every call fails with `unavailable`.': instead('close', () => () => Promise.resolve()),
  '`close` twice is `close` once.': (inner) => {
    let isClosed = false
    const close: Backend['close'] = () => {
      if (isClosed) return Promise.reject(new NexusError('unavailable'))
      isClosed = true
      return inner.close()
    }
    return { ...inner, close }
  },
  '`close` waits for what is under way.': instead('close', (close) => () => {
    void close()
    return Promise.resolve()
  }),
  '`close` ends `changes` that wait, with `unavailable`.': endSteps('changes', 'unavailable'),
  'What was acknowledged is there when the storage is opened again.': instead('close', (_close, inner) => async () => {
    for (const { path } of await collect(inner.list(rootPath))) await inner.delete(path, { recursive: true })
  }),
}
