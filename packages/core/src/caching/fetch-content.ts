import type { Backend, FileContent, FileStat, ReadOptions } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { wrapContent } from '../layers/wrap-content.ts'
import { type CutFile, createBlockCutter } from './block-cutter.ts'
import type { BlockStore, CachedFile } from './block-store.ts'
import type { Flights } from './flights.ts'
import { pieceContent } from './piece-content.ts'
import { alignedRange, type Span, stateOf } from './wanted.ts'

/** A body up to so many bytes is read at once, so that several may wait for the same one; a longer one passes as a stream. */
const sharedBytes = 1_048_576

/** What came of a question: small bodies for all who asked, a long one for the first of them. */
export type Fetched =
  | { readonly kind: 'bytes'; readonly stat: FileStat; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'body'; readonly stat: FileStat; readonly offset: number; readonly content: FileContent; isTaken: boolean; readonly abort: (reason: unknown) => void }

/** What the verbs of one mount work with. */
export interface ContentContext {
  readonly inner: Backend
  readonly blocks: BlockStore
  readonly flights: Flights<Fetched>
  /** The blocks of a file; `undefined` for one that cannot be kept. */
  readonly fileOf: (stat: FileStat) => CachedFile | undefined
}

interface Question {
  readonly path: Path
  readonly span: Span
  readonly signal: AbortSignal | undefined
}

/** Asks for a span in whole blocks, together with whoever asks for the same just now, and keeps what comes. */
export async function fetchSpan(context: ContentContext, { path, span, signal }: Question): Promise<Fetched> {
  const range = alignedRange(span)
  const start = (given: AbortSignal | undefined): Promise<Fetched> => open(context, path, { range, signal: given })
  const fetched = await context.flights.join(`${path}\0${JSON.stringify(range)}`, (given) => start(given), signal)
  if (fetched.kind === 'bytes') return fetched
  // A long body has one reader; the others ask for themselves.
  if (fetched.isTaken) return start(signal)
  fetched.isTaken = true
  return signal === undefined ? fetched : { ...fetched, content: abortedBy(fetched, signal) }
}

async function open(context: ContentContext, path: Path, { range, signal }: ReadOptions): Promise<Fetched> {
  const aborter = new AbortController()
  const whole = signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal])
  const content = await context.inner.read(path, { ...(range && { range }), signal: whole })
  const { stat } = content
  const offset = range !== undefined && 'offset' in range ? range.offset : 0
  const length = range !== undefined && 'offset' in range ? (range.length ?? Infinity) : Infinity
  const sizeBytes = Math.max(0, Math.min((stat.sizeBytes ?? Infinity) - offset, length))
  const kept = keptBody(context, stat, sizeBytes)
  if (sizeBytes > sharedBytes) return { kind: 'body', stat, offset, content: teed(content, kept, offset), isTaken: false, abort: (reason) => aborter.abort(reason) }
  const bytes = await content.bytes()
  if (kept !== undefined) createBlockCutter(kept, offset)(bytes)
  // No byte ever comes of an empty file, and it is to be known all the same.
  if (kept?.sizeBytes === 0) kept.blocks.save(kept.file, 0, bytes)
  return { kind: 'bytes', stat, offset, bytes }
}

/** Where a body is kept; `undefined` when it cannot be, or is too long. */
export function keptBody({ blocks, fileOf }: ContentContext, stat: FileStat, sizeBytes: number): CutFile | undefined {
  const file = fileOf(stat)
  if (file === undefined || stat.sizeBytes === undefined || stateOf(stat) === undefined || sizeBytes > blocks.maxBodyBytes()) return undefined
  return { blocks, file, sizeBytes: stat.sizeBytes }
}

/** The same body; what passes is kept. @param offset Of its first byte, where a block begins */
export function teed(content: FileContent, kept: CutFile | undefined, offset: number): FileContent {
  if (kept === undefined) return content
  const cut = createBlockCutter(kept, offset)
  return wrapContent(content, {
    onError: (error) => error,
    onEnd: () => undefined,
    onCollect: async (collect) => {
      const collected = await collect()
      if (collected instanceof Uint8Array) cut(collected)
      return collected
    },
    onRead: async (read) => {
      const step = await read()
      if (step.value !== undefined) cut(step.value)
      return step
    },
  })
}

function abortedBy({ content, abort }: Extract<Fetched, { kind: 'body' }>, signal: AbortSignal): FileContent {
  const onAbort = (): void => abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return wrapContent(content, { onError: (error) => error, onEnd: () => signal.removeEventListener('abort', onAbort) })
}

/** A part of what was fetched, as a body of its own. */
export function partOf({ inner }: ContentContext, fetched: Fetched, { span, signal }: Omit<Question, 'path'>): FileContent {
  const { stat, offset } = fetched
  const end = Math.min(span.to, stat.sizeBytes ?? Infinity)
  const isWhole = fetched.kind === 'body' && span.from === offset && end === (stat.sizeBytes ?? Infinity)
  if (isWhole) return fetched.content
  const sizeBytes = fetched.kind === 'bytes' ? Math.max(0, Math.min(end, offset + fetched.bytes.length) - span.from) : Math.max(0, end - span.from)
  const skip = span.from - offset
  const pieces = (): AsyncGenerator<Uint8Array, void> => (fetched.kind === 'bytes' ? once(fetched.bytes.slice(skip, skip + sizeBytes)) : slice(fetched.content, skip, sizeBytes))
  const drop = async (): Promise<void> => {
    if (fetched.kind === 'body') await fetched.content[Symbol.asyncDispose]()
  }
  return pieceContent({ stat: { ...stat, metadata: { ...stat.metadata } }, backend: inner.scheme, sizeBytes, signal, pieces, drop })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length > 0) yield await Promise.resolve(bytes)
}

/** So many bytes of a body, behind so many others. */
export async function* slice(content: FileContent, skip: number, take: number): AsyncGenerator<Uint8Array, void> {
  let [before, left] = [skip, take]
  for await (const chunk of content.stream()) {
    const part = chunk.subarray(before, before + left)
    before -= Math.min(before, chunk.length)
    left -= part.length
    if (part.length > 0) yield part
    if (left === 0) return
  }
}
