import type { Backend, FileContent, FileStat, MetadataPatch, ReadOptions, StatOptions, WriteOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { parsePath } from '../contract/paths.ts'
import { checkCount, checkMetadata, checkRange } from '../contract/check-arguments.ts'
import { syncTree } from '../replication/sync-tree.ts'
import { watchTree } from '../replication/watch-tree.ts'
import { copyTree } from './copy-tree.ts'
import { edit } from './edit.ts'
import { glob } from './glob.ts'
import { grep } from './grep.ts'
import { type FileBody, normaliseBody } from './normalise-body.ts'
import { parseOperation } from './parse-operation.ts'
import { requireMember } from './require-member.ts'
import { restore } from './restore.ts'
import type { SlimNexusFS } from './slim-nexus-fs.ts'

/** What happens beside the filesystem's own work. */
export interface FacadeHooks {
  /** Called once, after the backend is closed, also when closing it failed. */
  readonly onClose?: (() => Promise<void> | void) | undefined
}

/** Puts the people's side, paths as strings and bodies as they come, on a backend: the kernel, or any one alone. */
export function createSlimNexusFS(backend: Backend, { onClose }: FacadeHooks = {}): SlimNexusFS {
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= backend.close().finally(() => onClose?.()))
  return {
    backend,
    ...readingVerbs(backend),
    ...writingVerbs(backend),
    ...historyVerbs(backend),
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Verbs<K extends keyof SlimNexusFS> = Pick<SlimNexusFS, K>

function readingVerbs(backend: Backend): Verbs<'read' | 'readText' | 'open' | 'stat' | 'exists' | 'getMetadata' | 'list' | 'glob' | 'grep' | 'watch' | 'presign' | 'usage'> {
  return {
    read: async (path, options) => await (await read(backend, path, options)).bytes(),
    readText: async (path, options) => await (await read(backend, path, options)).text(),
    open: async (path, options) => await read(backend, path, options),
    stat: async (path, options) => await backend.stat(parsePath(path), options),
    exists: async (path, options) => await exists(backend, path, options),
    getMetadata: async (path, options) => ({ ...(await backend.stat(parsePath(path), options)).metadata }),
    list: (path, options) => lazily(() => {
      if (options?.limit !== undefined) checkCount(options.limit, 'limit', { op: 'list', path })
      return backend.list(parsePath(path), options)
    }),
    glob: (pattern, options) => lazily(() => glob(backend, pattern, options)),
    grep: (pattern, options) => lazily(() => grep(backend, pattern, options)),
    watch: (path, options) => lazily(() => {
      requireMember(backend, 'changes', path)
      return backend.changes(parsePath(path), options)
    }),
    presign: async (path, options) => {
      requireMember(backend, 'presign', path)
      checkCount(options.expiresInMs, 'expiresInMs', { op: 'presign', path })
      return await backend.presign(parsePath(path), options)
    },
    usage: async (path, options) => {
      requireMember(backend, 'usage', path)
      return await backend.usage(parsePath(path), options)
    },
  }
}

function writingVerbs(backend: Backend): Verbs<'write' | 'append' | 'edit' | 'mkdir' | 'delete' | 'rename' | 'copy' | 'copyTree' | 'syncTree' | 'watchTree' | 'batch' | 'setMetadata'> {
  return {
    write: async (path, body, options) => await write(backend, path, { body, ...options }),
    append: async (path, body, options) => {
      requireMember(backend, 'append', path)
      const bytes = normaliseBody(body, { op: 'append', path, signal: options?.signal })
      return await backend.append(parsePath(path), bytes instanceof Promise ? await bytes : bytes, options)
    },
    edit: async (path, edits, options) => await edit(backend, parsePath(path), { edits, ...options }),
    mkdir: async (path, options) => await backend.mkdir(parsePath(path), options),
    delete: async (path, options) => await backend.delete(parsePath(path), options),
    rename: async (from, to, options) => {
      requireMember(backend, 'rename', from)
      return await backend.rename(parsePath(from), parsePath(to), options)
    },
    copy: async (from, to, options) => {
      requireMember(backend, 'copy', from)
      return await backend.copy(parsePath(from), parsePath(to), options)
    },
    copyTree: async (from, to, options) => await copyTree(backend, parsePath(from), { to: parsePath(to), ...options }),
    syncTree: async (from, to, options) => await syncTree(backend, parsePath(from), { ...options, to: parsePath(to) }),
    watchTree: async (from, to, options) => await watchTree(backend, parsePath(from), { ...options, to: parsePath(to) }),
    batch: async (operations, options) => {
      requireMember(backend, 'batch', '/')
      return await backend.batch(operations.map(parseOperation), options)
    },
    setMetadata: async (path, patch, options) => await setMetadata(backend, path, { patch, ...options }),
  }
}

function historyVerbs(backend: Backend): Verbs<'versions' | 'restore' | 'snapshot' | 'snapshots' | 'deleteSnapshot'> {
  return {
    versions: (path, options) => lazily(() => {
      requireMember(backend, 'versions', path)
      return backend.versions(parsePath(path), options)
    }),
    restore: async (path, version, options) => await restore(backend, parsePath(path), { version, ...options }),
    snapshot: async (path, name, options) => {
      requireMember(backend, 'snapshot', path)
      return await backend.snapshot(parsePath(path), name, options)
    },
    snapshots: (path, options) => lazily(() => {
      requireMember(backend, 'snapshots', path)
      return backend.snapshots(parsePath(path), options)
    }),
    deleteSnapshot: async (path, name, options) => {
      requireMember(backend, 'deleteSnapshot', path)
      await backend.deleteSnapshot(parsePath(path), name, options)
    },
  }
}

/** Not async: a small read should not wait a turn for its arguments. */
function read(backend: Backend, path: string, options?: ReadOptions): Promise<FileContent> {
  if (options?.range !== undefined) checkRange(options.range, { op: 'read', path })
  return backend.read(parsePath(path), options)
}

async function write(backend: Backend, path: string, { body, ...options }: { readonly body: FileBody } & WriteOptions): Promise<FileStat> {
  if (options.metadata !== undefined) checkMetadata(options.metadata, { op: 'write', path }, { allowNull: false })
  const target = parsePath(path)
  const bytes = normaliseBody(body, { op: 'write', path, sizeBytes: options.sizeBytes, signal: options.signal })
  return await backend.write(target, bytes instanceof Promise ? await bytes : bytes, options)
}

async function exists(backend: Backend, path: string, options?: StatOptions): Promise<boolean> {
  try {
    await backend.stat(parsePath(path), options)
    return true
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')) return false
    throw error
  }
}

async function setMetadata(backend: Backend, path: string, { patch, ...options }: { readonly patch: MetadataPatch } & Parameters<SlimNexusFS['setMetadata']>[2]): Promise<FileStat> {
  requireMember(backend, 'setMetadata', path)
  checkMetadata(patch, { op: 'setMetadata', path }, { allowNull: true })
  return await backend.setMetadata(parsePath(path), patch, options)
}

/** Checks and starts when the iteration begins, so that every failure is told there. */
function lazily<T>(start: () => AsyncIterable<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => start()[Symbol.asyncIterator]() }
}
