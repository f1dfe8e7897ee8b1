import type { Backend, CallOptions, Capabilities, Entry, FileContent, FileStat, ListOptions, ReadOptions } from '../contract/backend.ts'
import { type ErrorCode, isNexusError, NexusError, relocateError } from '../contract/errors.ts'
import { baseName, isWithin, parentPath, type Path, relativePath, underPath } from '../contract/paths.ts'
import { wrapContent } from '../layers/wrap-content.ts'
import { fromTierEtag, toTierEtag } from './etags.ts'

/** The storage that a redirect leads to, with the paths that the redirected files have. */
export type ColdSide = Required<Pick<Backend, 'stat' | 'read' | 'write' | 'append' | 'setMetadata' | 'delete' | 'list' | 'rename' | 'presign'>> & {
  /** Asked at each call: what is mounted there may change. */
  capabilities(): Capabilities
}

/** Where a redirect begins and ends. */
export interface ColdSideOptions {
  /** The whole filesystem, whose mounts the redirect leads to. */
  readonly target: Required<Pick<Backend, Exclude<keyof ColdSide, 'capabilities'> | 'capabilitiesAt'>>
  /** The redirected directory, as the layer's backend knows it. */
  readonly within: Path
  /** The directory that takes its files, as the whole filesystem knows it. */
  readonly to: Path
}

/** A call as its caller made it. */
interface Call {
  readonly op: string
  readonly path: Path
  readonly given: CallOptions | undefined
}

/** The view of `to` as if it lay at `within`. A directory that holds nothing there counts as absent when it is `within` itself. */
export function coldSide(options: ColdSideOptions): ColdSide {
  const { target, within, to } = options
  const at = (op: string, path: Path): Path => {
    if (isWithin(path, within)) return underPath(to, relativePath(path, within))
    throw new NexusError('not_found', { op, path })
  }
  const run = async <T>({ op, path, given }: Call, work: (at: Path) => Promise<T>): Promise<T> => {
    try {
      return await work(at(op, path))
    } catch (error) {
      throw toldHere(error, options, { op, path, given })
    }
  }
  return {
    capabilities: () => target.capabilitiesAt(to),
    stat: (path, given) => (isWithin(within, path) ? statAbove(options, path, given) : run({ op: 'stat', path, given }, async (cold) => told(options, await target.stat(cold, given)))),
    read: (path, given) => run({ op: 'read', path, given }, async (cold) => body(options, { op: 'read', path, given }, await target.read(cold, plain(given)))),
    write: (path, bytes, given) => run({ op: 'write', path, given }, async (cold) => told(options, await target.write(cold, bytes, plain(given)))),
    append: (path, bytes, given) => run({ op: 'append', path, given }, async (cold) => told(options, await target.append(cold, bytes, plain(given)))),
    setMetadata: (path, patch, given) => run({ op: 'setMetadata', path, given }, async (cold) => told(options, await target.setMetadata(cold, patch, plain(given)))),
    delete: (path, given) => run({ op: 'delete', path, given }, (cold) => target.delete(cold, plain(given))),
    rename: (from, path, given) => run({ op: 'rename', path, given }, async (cold) => told(options, await target.rename(at('rename', from), cold, plain(given)))),
    presign: (path, given) => run({ op: 'presign', path, given }, (cold) => target.presign(cold, given)),
    list: (path, given) => (isWithin(path, within) ? listBelow(options, path, given) : listAbove(options, path, given)),
  }
}

/** Above the redirected directory, and at it, is a directory when anything lies in the other storage. */
async function statAbove(options: ColdSideOptions, path: Path, given: CallOptions | undefined): Promise<FileStat> {
  if (await holdsAnything(options, given)) return { path, kind: 'directory', metadata: {} }
  throw new NexusError('not_found', { op: 'stat', path })
}

async function holdsAnything(options: ColdSideOptions, given: CallOptions | undefined): Promise<boolean> {
  try {
    for await (const _ of listBelow(options, options.within, { limit: 1, signal: given?.signal })) return true
    return false
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')) return false
    throw error
  }
}

async function* listBelow(options: ColdSideOptions, path: Path, given: ListOptions | undefined): AsyncGenerator<Entry> {
  const { target, to, within } = options
  try {
    for await (const entry of target.list(underPath(to, relativePath(path, within)), given)) yield told(options, entry)
  } catch (error) {
    throw toldHere(error, options, { op: 'list', path, given })
  }
}

/** What a directory above the redirected one has in the other storage: the way down to it, and what lies there. */
async function* listAbove(options: ColdSideOptions, path: Path, given: ListOptions | undefined): AsyncGenerator<Entry> {
  const { within } = options
  if (!isWithin(within, path) || !(await holdsAnything(options, given))) throw new NexusError('not_found', { op: 'list', path })
  const way: Path[] = []
  for (let step = within; step !== path; step = parentPath(step)) way.unshift(step)
  for (const step of given?.recursive === true ? way : way.slice(0, 1)) yield { name: baseName(step), path: step, kind: 'directory' }
  if (given?.recursive !== true) return
  const prefix = `${relativePath(within, path).slice(1)}/`
  const startAfter = given.startAfter?.startsWith(prefix) === true ? given.startAfter.slice(prefix.length) : ''
  yield* listBelow(options, within, { recursive: true, fresh: given.fresh, signal: given.signal, ...(startAfter === '' ? {} : { startAfter }) })
}

/** A body that tells its failures for the path by which it was asked. */
function body(options: ColdSideOptions, call: Call, content: FileContent): FileContent {
  return wrapContent(content, {
    stat: told(options, content.stat),
    onError: (error) => toldHere(error, options, call),
    onEnd: () => undefined,
  })
}

/** Where it is seen from here, with an etag that no other storage tells; its versions are versions of another path. */
function told<T extends { readonly path: Path; readonly etag?: string | undefined }>({ within, to }: ColdSideOptions, given: T): T {
  const { version: _, ...rest } = given as T & { readonly version?: string }
  const path = underPath(within, relativePath(given.path, to))
  return { ...rest, path, ...(given.etag === undefined ? {} : { etag: toTierEtag('cold', given.etag) }) } as T & { readonly version?: string }
}

/** The options with the storage's own etag. One that it never told is passed on, and matches nothing there. */
function plain<O extends Pick<ReadOptions, 'ifMatch'>>(given: O | undefined): O | undefined {
  return given?.ifMatch === undefined ? given : { ...given, ifMatch: fromTierEtag('cold', given.ifMatch) ?? given.ifMatch }
}

/** A target that is not mounted is no proof that a file is absent. */
const retold: Partial<Record<ErrorCode, ErrorCode>> = { mount_not_found: 'unavailable' }

function toldHere(error: unknown, { to }: ColdSideOptions, { given, ...place }: Call): unknown {
  if (!isNexusError(error) || (given?.signal?.aborted === true && error === given.signal.reason)) return error
  const code = retold[error.code]
  if (code === undefined) return relocateError(error, place)
  return new NexusError(code, { ...place, backend: 'nexus', reason: `Files of it may lie at ${to}, where nothing is mounted; mount that.`, cause: error })
}
