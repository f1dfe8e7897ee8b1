import type { Backend, CallOptions, Entry } from '../contract/backend.ts'
import { NexusError, isNexusError } from '../contract/errors.ts'
import { type Path, baseName, joinPath, parentPath, parsePath, pathSegments, relativePath, rootPath } from '../contract/paths.ts'
import { type GlobState, acceptsGlob, advanceGlob, compileGlob, onlyName, reachOfGlob, takesAllBelow } from './glob-pattern.ts'
import { type Wanted, walk } from './walk.ts'

export interface GlobOptions extends CallOptions {
  /** Where relative patterns start. Default `/`. A pattern that begins with `/` is absolute, and takes no path. */
  readonly path?: string | undefined
  /** Whether wildcards match names that begin with `.`. Default false, as in a shell. */
  readonly dot?: boolean | undefined
  /** Looks into mounts below the one where it starts. Default false. */
  readonly crossMounts?: boolean | undefined
}

/** Where the patterns, wanted and negated, stand. */
interface States {
  readonly wanted: GlobState
  readonly unwanted: GlobState
}

interface GlobRun extends States, CallOptions {
  readonly backend: Backend
  readonly start: Path
  readonly crossMounts: boolean | undefined
  readonly dot: boolean
}

/**
 * Entries that match one of the patterns and none of the negated (`!`) ones, in full-key order. Directories that cannot hold a match are
 * never listed. Negated ones alone mean everything but them; a trailing `/` means directories only.
 * @throws NexusError `invalid_argument` for a pattern that is none; `not_found` when `path` is absent.
 */
export async function* glob(backend: Backend, patterns: string | readonly string[], options: GlobOptions = {}): AsyncGenerator<Entry> {
  const { base, ...states } = await compile(typeof patterns === 'string' ? [patterns] : patterns, options)
  const { signal, crossMounts, dot = false } = options
  const run: GlobRun = { backend, crossMounts, dot, signal, ...startDeeper(base, states) }
  const source = onlyName(run.wanted) === undefined ? entriesBelow(run, base) : oneEntry(run, base)
  const stateAt = statesByDirectory(run)
  for await (const entry of source) {
    const { name } = entry
    const { wanted, unwanted } = stateAt(parentPath(entry.path))
    if (acceptsGlob(advanceGlob(wanted, name), entry.kind) && !acceptsGlob(advanceGlob(unwanted, name), entry.kind)) yield entry
  }
}

async function compile(patterns: readonly string[], { path, dot = false }: GlobOptions): Promise<States & { base: Path }> {
  const [positive, negative]: [string[], string[]] = [[], []]
  for (const pattern of patterns) {
    if (typeof pattern !== 'string') throw new NexusError('invalid_argument', { op: 'glob', reason: 'A pattern is a string.' })
    if (pattern.startsWith('!') && !pattern.startsWith('!(')) negative.push(pattern.slice(1))
    else positive.push(pattern)
  }
  if (positive.length === 0) positive.push('**')
  const all = [...positive, ...negative]
  const absolute = all.some((pattern) => pattern.startsWith('/'))
  if (absolute && path !== undefined) throw new NexusError('invalid_argument', { op: 'glob', path, reason: 'A pattern that begins with "/" is absolute and takes no path.' })
  const relative = (list: string[]): string[] => list.map((pattern) => (pattern.startsWith('/') ? pattern.slice(1) : pattern))
  return {
    base: parsePath(path ?? rootPath),
    wanted: await compileGlob(relative(positive), { dot }),
    unwanted: await compileGlob(relative(negative), { dot: true }),
  }
}

/** Goes down the names that the patterns begin with, without listing what they pass. */
function startDeeper(base: Path, states: States): States & { start: Path } {
  const at = { start: base, ...states }
  for (let name = onlyName(at.wanted); name !== undefined; name = onlyName(at.wanted)) {
    const next = advanceGlob(at.wanted, name)
    if (reachOfGlob(next) === 'none') break
    at.start = parsePath(joinPath(at.start, name))
    at.wanted = next
    at.unwanted = advanceGlob(at.unwanted, name)
  }
  return at
}

/** The patterns name one entry: there is nothing to list. */
async function* oneEntry({ backend, start, wanted, signal }: GlobRun, base: Path): AsyncGenerator<Entry> {
  try {
    const stat = await backend.stat(parsePath(joinPath(start, onlyName(wanted) ?? '')), { signal })
    yield { ...stat, name: baseName(stat.path) }
  } catch (error) {
    if (!isAbsence(error)) throw error
    await backend.stat(base, { signal })
  }
}

async function* entriesBelow(run: GlobRun, base: Path): AsyncGenerator<Entry> {
  const { backend, start, signal, crossMounts } = run
  const stateAt = statesByDirectory(run)
  const wantedBelow = (directory: Entry): Wanted => wantedFrom(stateAt(directory.path), run)
  try {
    yield* walk(backend, start, { op: 'glob', signal, crossMounts, wanted: wantedFrom(run, run) === 'all' ? 'all' : 'some', wantedBelow })
  } catch (error) {
    if (start === base || !isAbsence(error)) throw error
    // The directory that the pattern names is absent, which is no match; the one that the caller names must be there.
    await backend.stat(base, { signal })
  }
}

/** One recursive listing serves where every directory below must be seen anyway. */
function wantedFrom({ wanted, unwanted }: States, { dot }: GlobRun): Wanted {
  const reach = reachOfGlob(wanted)
  if (reach === 'none' || takesAllBelow(unwanted)) return 'none'
  return reach === 'any-depth' && dot && unwanted.size === 0 ? 'all' : 'some'
}

/** Where the patterns stand in a directory; remembers the last one, because entries of one directory come together. */
function statesByDirectory({ start, wanted, unwanted }: GlobRun): (directory: Path) => States {
  let last: States & { directory: Path } = { directory: start, wanted, unwanted }
  return (directory) => {
    if (directory === last.directory) return last
    const names = pathSegments(relativePath(directory, start))
    last = { directory, wanted: names.reduce(advanceGlob, wanted), unwanted: names.reduce(advanceGlob, unwanted) }
    return last
  }
}

function isAbsence(error: unknown): boolean {
  return isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')
}
