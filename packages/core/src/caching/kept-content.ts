import type { FileContent, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { CachedFile } from './block-store.ts'
import { type ContentContext, type Fetched, fetchSpan, partOf, slice } from './fetch-content.ts'
import { pieceContent } from './piece-content.ts'
import { blocksOf, blockSpan, type Span, stateOf } from './wanted.ts'

/** A span of a file whose state is known. */
export interface Known {
  readonly stat: FileStat
  readonly file: CachedFile
  readonly sizeBytes: number
  readonly span: Span
  readonly signal: AbortSignal | undefined
}

/**
 * The body from blocks that are kept; what is missing between them comes with one question, which is asked now: a file that was changed meanwhile is found out
 * while it can still be read afresh.
 * @returns `undefined` when nothing that is wanted is kept, or it is of another state
 */
export async function keptContent(context: ContentContext, known: Known): Promise<FileContent | undefined> {
  const { stat, file, sizeBytes, span, signal } = known
  const blocks = blocksOf(span)
  const missing = await missingBlocks(context, file, blocks)
  if (missing !== undefined && (missing.to - missing.from === blocks.to - blocks.from || !context.inner.capabilities.ranges)) return undefined
  const first = missing?.from === blocks.from ? missing.to : blocks.from
  if (first < blocks.to && (await context.blocks.load(file, first)) === undefined) return undefined
  const between = missing && { from: missing.from * blockSpan(0, Infinity).to, to: Math.min(blockSpan(missing.to - 1, sizeBytes).to, sizeBytes) }
  const fetched = between && (await fetchSpan(context, { path: stat.path, span: between, signal }))
  if (fetched !== undefined && stateOf(fetched.stat) !== stateOf(stat)) {
    await partOf(context, fetched, { span, signal })[Symbol.asyncDispose]()
    return undefined
  }
  const middle = missing && fetched && { missing, fetched }
  const drop = async (): Promise<void> => {
    if (fetched?.kind === 'body') await fetched.content[Symbol.asyncDispose]()
  }
  return pieceContent({ stat, backend: context.inner.scheme, sizeBytes: span.to - span.from, signal, pieces: () => pieces(context, known, middle), drop })
}

interface Middle {
  readonly missing: Span
  readonly fetched: Fetched
}

async function* pieces(context: ContentContext, known: Known, middle: Middle | undefined): AsyncGenerator<Uint8Array, void> {
  const { sizeBytes, span } = known
  const blocks = blocksOf(span)
  for (let block = blocks.from; block < blocks.to; ) {
    if (middle !== undefined && block === middle.missing.from) {
      yield* fromFetched(middle, known)
      block = middle.missing.to
      continue
    }
    const { from, to } = blockSpan(block, sizeBytes)
    const bytes = (await context.blocks.load(known.file, block)) ?? (await fetchBlock(context, known, block))
    // A copy: the block stays in memory for others.
    yield bytes.slice(Math.max(span.from, from) - from, Math.min(span.to, to) - from)
    block++
  }
}

async function* fromFetched({ missing, fetched }: Middle, { span, sizeBytes }: Known): AsyncGenerator<Uint8Array, void> {
  const from = Math.max(span.from, fetched.offset)
  const take = Math.min(span.to, blockSpan(missing.to - 1, sizeBytes).to) - from
  if (fetched.kind === 'body') yield* slice(fetched.content, from - fetched.offset, take)
  else yield fetched.bytes.slice(from - fetched.offset, from - fetched.offset + take)
}

/** A block that vanished or was damaged after it was looked for. @throws NexusError `busy` when the file is another by now */
async function fetchBlock(context: ContentContext, { stat, sizeBytes, signal }: Known, block: number): Promise<Uint8Array> {
  const span = blockSpan(block, sizeBytes)
  const fetched = await fetchSpan(context, { path: stat.path, span, signal })
  const content = partOf(context, fetched, { span, signal })
  if (stateOf(fetched.stat) === stateOf(stat)) return content.bytes()
  await content[Symbol.asyncDispose]()
  throw new NexusError('busy', { op: 'read', path: stat.path, backend: context.inner.scheme, reason: 'The file changed while it was read; read it again.' })
}

/** From the first to behind the last that is not kept. */
async function missingBlocks({ blocks }: ContentContext, file: CachedFile, { from, to }: Span): Promise<Span | undefined> {
  let missing: Span | undefined
  for (let block = from; block < to; block++) if (!(await blocks.has(file, block))) missing = { from: missing?.from ?? block, to: block + 1 }
  return missing
}
