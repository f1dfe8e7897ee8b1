import { join } from 'node:path'
import type { Backend, FileContent, FileStat, Layer, ReadOptions } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { wrapMembers } from '../layers/wrap-members.ts'
import { acquireBlocks, type CachedFile, type ContentBounds, shortName } from './block-store.ts'
import { type ContentContext, type Fetched, fetchSpan, keptBody, partOf, teed } from './fetch-content.ts'
import { createFlights } from './flights.ts'
import { keptContent } from './kept-content.ts'
import { effectOf } from './touched-by.ts'
import { blocksOf, stateOf, toSpan } from './wanted.ts'

/** How contents are remembered. */
export interface ContentCacheOptions extends ContentBounds {
  /** The state directory, made when it is first needed. */
  readonly directory: string
  /** What a person calls the storage: its URI. */
  readonly label?: string | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
}

interface LayerContext extends ContentContext {
  readonly scope: string
  /** Whether files are found by what they hold: then a stat comes first, which costs nothing there. */
  readonly isByContent: boolean
}

/**
 * Remembers what was read, in memory and on disk: what is kept of a file is read without asking for it again, as long as its stat says that it is the same.
 * That stat is asked of the backend below, so that a metadata cache there decides how old it may be. Conditions are asked of the storage, `fresh` and old
 * versions are read from it. A backend without `cacheScope`, or whose documents read back differently, stays as it is.
 */
export const contentCache =
  ({ directory, label, now = Date.now, ...bounds }: ContentCacheOptions): Layer =>
  (inner) => {
    const { cacheScope } = inner
    if (cacheScope === undefined || inner.capabilities.fidelity !== 'bytes') return inner
    const blocks = acquireBlocks(join(directory, 'content'), { ...bounds, now })
    const scope = shortName(cacheScope, 16)
    blocks.describe(scope, { scope: cacheScope, label })
    const isByContent = inner.capabilities.layout === 'cas'
    const flights = createFlights<Fetched>((fetched) => {
      // Nobody waits for it any more, and so nobody hears of a failure to let it go.
      if (fetched.kind === 'body') fetched.content[Symbol.asyncDispose]().catch(() => undefined)
    })
    const fileOf = (stat: FileStat): CachedFile | undefined => {
      const state = stateOf(stat)
      return state === undefined ? undefined : { scope, name: shortName(isByContent ? state : stat.path, 32), state: shortName(state, 64) }
    }
    const context: LayerContext = { inner, blocks, flights, fileOf, scope, isByContent }
    const wrapped = wrapMembers(inner, {
      call: (member, invoke) => async (...args) => {
        if (member === 'read') return read(context, args[0] as Path, args[1] as ReadOptions | undefined)
        if (effectOf(member, args) === undefined) return invoke(...args)
        flights.clear()
        try {
          return await invoke(...args)
        } finally {
          flights.clear()
        }
      },
      iteration: (_member, invoke) => invoke,
    })
    return closingAfter(wrapped, () => blocks.release())
  }

function closingAfter(backend: Backend, release: () => Promise<void>): Backend {
  const closeBackend = backend.close.bind(backend)
  const close = async (): Promise<void> => {
    await closeBackend()
    await release()
  }
  return Object.defineProperty(backend, 'close', { value: close, enumerable: true, configurable: true, writable: true })
}

async function read(context: LayerContext, path: Path, options: ReadOptions = {}): Promise<FileContent> {
  const { inner } = context
  const { range, version, snapshot, fresh, ifMatch, signal } = options
  signal?.throwIfAborted()
  const isPlain = version === undefined && snapshot === undefined && (range === undefined || inner.capabilities.ranges)
  if (!isPlain) return inner.read(path, options)
  if (fresh === true) return readFresh(context, path, options)
  const kept = (await mayBeKept(context, path, options)) ? await readKept(context, path, options) : undefined
  if (kept !== undefined) return kept
  const span = toSpan(range, undefined)
  const isTooLong = span !== undefined && span.to !== Infinity && span.to - span.from > context.blocks.maxBodyBytes()
  if (ifMatch !== undefined) return readFresh(context, path, options)
  if (span === undefined || span.to === span.from || isTooLong) return inner.read(path, options)
  return partOf(context, await fetchSpan(context, { path, span, signal }), { span, signal })
}

/**
 * From the storage. Whole copies and syncs read so, and each file once: what comes is not kept, unless it takes the place of what is (by a name that tells the
 * content nothing is ever out of date).
 */
async function readFresh(context: LayerContext, path: Path, options: ReadOptions): Promise<FileContent> {
  const content = await context.inner.read(path, options)
  const span = toSpan(options.range, content.stat.sizeBytes)
  if (context.isByContent || span?.from !== 0) return content
  const isKept = await context.blocks.has({ scope: context.scope, name: shortName(path, 32) }, 0)
  return isKept ? teed(content, keptBody(context, content.stat, span.to), 0) : content
}

/** Whether looking for the file's state may spare its bytes: asked before anything is, so that the first read of a file is one request. */
async function mayBeKept({ blocks, scope, isByContent }: LayerContext, path: Path, { range }: ReadOptions): Promise<boolean> {
  const span = toSpan(range, undefined)
  if (span === undefined) return range !== undefined && 'suffix' in range && Number.isSafeInteger(range.suffix) && range.suffix > 0
  return isByContent || blocks.has({ scope, name: shortName(path, 32) }, blocksOf(span).from)
}

async function readKept(context: LayerContext, path: Path, { range, ifMatch, signal }: ReadOptions): Promise<FileContent | undefined> {
  // A repository decides a condition by its index, as old as that may be.
  const isAsked = ifMatch !== undefined && !context.isByContent
  const stat = await orUndefined(context.inner.stat(path, { signal, ...(isAsked && { fresh: true }) }), signal)
  const file = stat === undefined ? undefined : context.fileOf(stat)
  const { sizeBytes, etag } = stat ?? {}
  if (stat === undefined || file === undefined || sizeBytes === undefined || (ifMatch !== undefined && etag !== ifMatch)) return undefined
  const span = toSpan(range, sizeBytes)
  if (span === undefined || (span.to <= span.from && sizeBytes > 0)) return undefined
  const kept = await keptContent(context, { stat, file, sizeBytes, span, signal })
  if (kept !== undefined || range === undefined || !('suffix' in range) || ifMatch !== undefined || span.to - span.from > context.blocks.maxBodyBytes()) return kept
  // The end of a file is a range like another, now that the size is known, as long as it is still the same file.
  const fetched = await fetchSpan(context, { path, span, signal })
  const part = partOf(context, fetched, { span, signal })
  if (stateOf(fetched.stat) === stateOf(stat)) return part
  await part[Symbol.asyncDispose]()
  return undefined
}

/** A stat that fails says nothing of the read, which then fails in its own words. @throws `signal.reason` */
async function orUndefined<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (signal?.aborted === true) throw error
    return undefined
  }
}
