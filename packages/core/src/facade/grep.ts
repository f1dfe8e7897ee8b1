import type { RE2JS } from 're2js'
import type { Backend, CallOptions, Entry, FileContent, Match } from '../contract/backend.ts'
import { NexusError, isNexusError } from '../contract/errors.ts'
import { type Path, parsePath, rootPath } from '../contract/paths.ts'
import { checkCount } from '../contract/check-arguments.ts'
import { glob } from './glob.ts'
import { prefetch } from './prefetch.ts'
import { splitLines } from './split-lines.ts'
import { textChunks } from './text-chunks.ts'
import { walk } from './walk.ts'

export interface GrepOptions extends CallOptions {
  /** A directory to search below, or one file. Default `/`. */
  readonly path?: string | undefined
  /** Only files whose path below `path` matches; without a `/` in it, whose name matches, at any depth. `!` first excludes. */
  readonly glob?: string | readonly string[] | undefined
  readonly ignoreCase?: boolean | undefined
  /** Ends after so many matches. */
  readonly limit?: number | undefined
  /** Of a longer line only its beginning is searched and given. Default 1 MiB. */
  readonly maxLineBytes?: number | undefined
  /** Looks into mounts below the one where it starts. Default false. */
  readonly crossMounts?: boolean | undefined
}

interface GrepRun {
  readonly backend: Backend
  readonly expression: RE2JS
  readonly maxLineBytes: number
}

/** Files up to here are read ahead whole, several at once; longer ones stream when their turn comes. */
const smallFileBytes = 1024 * 1024
const filesAhead = 8

/**
 * Lines that match `pattern`, each once, file by file in order. The pattern is RE2's (no lookaround, no backreferences), so time is linear in
 * what is read. Skipped: binary files (a NUL in the first 8 KiB), links, and files that vanish meanwhile.
 * @throws NexusError `invalid_argument` for a pattern that RE2 does not know, `not_found`, and what reading throws.
 */
export async function* grep(backend: Backend, pattern: string, options: GrepOptions = {}): AsyncGenerator<Match> {
  const { maxLineBytes = 1024 * 1024, limit = Number.MAX_SAFE_INTEGER, signal } = options
  const path = parsePath(options.path ?? rootPath)
  checkCount(maxLineBytes, 'maxLineBytes', { op: 'grep', path })
  checkCount(limit, 'limit', { op: 'grep', path })
  const run: GrepRun = { backend, maxLineBytes, expression: await compile(pattern, { path, ignoreCase: options.ignoreCase ?? false }) }
  let left = limit
  if (left === 0) return
  const files = prefetch(filesBelow(backend, path, options), { ahead: filesAhead, signal }, (file, ownSignal) => startFile(run, file, ownSignal))
  for await (const matches of files) {
    for await (const match of matches) {
      yield match
      if (--left === 0) return
      signal?.throwIfAborted()
    }
  }
}

async function compile(pattern: string, { path, ignoreCase }: { readonly path: Path; readonly ignoreCase: boolean }): Promise<RE2JS> {
  const { RE2JS, RE2JSSyntaxException } = await import('re2js')
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  } catch (cause) {
    if (!(cause instanceof RE2JSSyntaxException)) throw cause
    throw new NexusError('invalid_argument', { op: 'grep', path, reason: `The pattern is no RE2 expression: ${cause.message}.`, cause })
  }
}

async function* filesBelow(backend: Backend, path: Path, options: GrepOptions): AsyncGenerator<Pick<Entry, 'path' | 'sizeBytes'>> {
  const { signal, crossMounts } = options
  const stat = await backend.stat(path, { signal })
  if (stat.kind === 'file') {
    yield stat
    return
  }
  const entries = options.glob === undefined
    ? walk(backend, path, { op: 'grep', signal, crossMounts })
    : glob(backend, [options.glob].flat().map(atAnyDepth), { path, dot: true, signal, crossMounts })
  for await (const entry of entries) {
    if (entry.kind === 'file' && entry.metadata?.['symlink'] === undefined) yield entry
  }
}

/** A name alone is meant wherever it stands. */
function atAnyDepth(pattern: string): string {
  const [sign, rest] = pattern.startsWith('!') && !pattern.startsWith('!(') ? ['!', pattern.slice(1)] : ['', pattern]
  return rest.includes('/') ? sign + rest.replace(/^\//, '') : `${sign}**/${rest}`
}

/** Small files are searched at once, which bounds what is held; others when they are taken. */
async function startFile(run: GrepRun, file: Pick<Entry, 'path' | 'sizeBytes'>, signal: AbortSignal): Promise<Iterable<Match> | AsyncIterable<Match>> {
  const matches = grepFile(run, file.path, signal)
  if (file.sizeBytes === undefined || file.sizeBytes > smallFileBytes) return matches
  const found: Match[] = []
  for await (const match of matches) found.push(match)
  return found
}

async function* grepFile({ backend, expression, maxLineBytes }: GrepRun, path: Path, signal: AbortSignal): AsyncGenerator<Match> {
  const content = await openUnlessGone(backend, path, signal)
  if (content === undefined) return
  await using body = content
  const small = (body.stat.sizeBytes ?? Infinity) <= smallFileBytes
  for await (const line of splitLines(textChunks(small ? [await body.bytes()] : body.stream()), { maxLineBytes })) {
    signal.throwIfAborted()
    if (!expression.test(line.text)) continue
    const matcher = expression.matcher(line.text)
    if (matcher.find()) yield { path, line: line.number, column: matcher.start() + 1, text: line.text }
  }
}

async function openUnlessGone(backend: Backend, path: Path, signal: AbortSignal): Promise<FileContent | undefined> {
  try {
    return await backend.read(path, { signal })
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}
