import type { Body } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { PreparedContent, PreparedMember, Repository } from './context.ts'
import type { RunningDigest } from './digest.ts'
import { readBody } from './read-body.ts'
import { contentKey, encodePieceList, partBytes, partDigest, pieceBytes } from './pieces.ts'

interface PrepareOptions {
  readonly sizeBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Brings a body so far that one commit makes it part of the repository: small ones stay in memory, larger ones are staged, in parts of 8 MiB,
 * each hashed in memory. Bytes that are known already are not stored again.
 */
export async function prepareContent(repository: Repository, body: Body, options: PrepareOptions = {}): Promise<PreparedContent> {
  if (body instanceof Uint8Array) {
    checkSize(body.length, options.sizeBytes)
    return prepareBytes(repository, body, options)
  }
  return prepareStream(repository, body, options)
}

/** Whether a body can be prepared at once: it will ride inside its commit. */
export function isInline(repository: Pick<Repository, 'descriptor'>, body: Body): body is Uint8Array {
  return body instanceof Uint8Array && fitsInline(repository, body)
}

function fitsInline(repository: Pick<Repository, 'descriptor'>, body: Uint8Array): boolean {
  return repository.descriptor !== undefined && body.length <= repository.descriptor.inlineLimitBytes
}

/** The prepared form of bytes up to the inline limit; they must not change until the commit is acknowledged. */
export function prepareInline(repository: Pick<Repository, 'hasher'>, bytes: Uint8Array): PreparedContent {
  const digest = repository.hasher.digest(bytes)
  return { digest, size: bytes.length, members: [{ content: { digest, size: bytes.length }, inline: bytes }] }
}

/** Gives back what was staged and not committed. */
export async function discardStaged(prepared: PreparedContent): Promise<void> {
  for (const { staged } of prepared.members) await staged?.discard()
}

async function prepareBytes(repository: Repository, bytes: Uint8Array, { signal }: PrepareOptions): Promise<PreparedContent> {
  if (fitsInline(repository, bytes)) return prepareInline(repository, bytes)
  if (bytes.length <= pieceBytes) {
    const digest = repository.hasher.digest(bytes)
    return { digest, size: bytes.length, members: await stageUnlessKnown(repository, { digest, bytes, part: false }, signal) }
  }
  const parts = new PartWriter(repository, signal)
  for (let offset = 0; offset < bytes.length; offset += partBytes) await parts.add(bytes.subarray(offset, offset + partBytes))
  return parts.finish()
}

async function prepareStream(repository: Repository, body: ReadableStream<Uint8Array>, options: PrepareOptions): Promise<PreparedContent> {
  const parts = new PartWriter(repository, options.signal)
  try {
    let buffer = new Uint8Array(pieceBytes)
    // One more than parts may be on their way out, used in turn; fresh ones would cost a page fault every 4 KiB.
    const ring: Uint8Array<ArrayBuffer>[] = []
    let filled = 0
    let total = 0
    for await (const chunk of readBody(body, options.signal)) {
      total += chunk.length
      if (options.sizeBytes !== undefined && total > options.sizeBytes) checkSize(total, options.sizeBytes)
      for (let taken = 0; taken < chunk.length; ) {
        if (filled === buffer.length && filled < partBytes) buffer = grown(buffer)
        const step = Math.min(chunk.length - taken, buffer.length - filled)
        buffer.set(chunk.subarray(taken, taken + step), filled)
        taken += step
        filled += step
        if (filled < partBytes) continue
        await parts.add(buffer)
        ring.push(buffer)
        buffer = (ring.length > parts.atOnce ? ring.shift() : undefined) ?? new Uint8Array(partBytes)
        filled = 0
      }
    }
    checkSize(total, options.sizeBytes)
    if (total < partBytes) return await prepareBytes(repository, buffer.subarray(0, filled), options)
    if (filled > 0) await parts.add(buffer.subarray(0, filled))
    return await parts.finish()
  } catch (error) {
    await parts.discard()
    throw error
  }
}

function grown(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(buffer.length * 4, partBytes))
  larger.set(buffer)
  return larger
}

function checkSize(actual: number, promised: number | undefined): void {
  if (promised !== undefined && actual !== promised) {
    throw new NexusError('invalid_argument', { op: 'write', reason: `The body has ${actual > promised ? 'more than' : 'only'} ${Math.min(actual, promised)} bytes${actual > promised ? '' : ` instead of ${promised}`}, as sizeBytes says; nothing was stored.` })
  }
}

async function stageUnlessKnown(
  repository: Repository,
  { digest, bytes, part }: { digest: string; bytes: Uint8Array; part: boolean },
  signal: AbortSignal | undefined,
): Promise<PreparedMember[]> {
  await repository.refresh(signal)
  if (repository.view.content(digest) !== undefined) return []
  const key = contentKey(digest, repository.wasDropped(contentKey(digest)) ? repository.position.sequence + 1 : undefined)
  const staged = await repository.contents.stage(key, bytes, { durability: repository.durability, signal })
  return [{ content: { digest, size: bytes.length, key, ...(part ? { part: true as const } : {}) }, staged }]
}

/** Stores a large content part by part, some being written while the next is hashed: when `add` resolves, all before the last `atOnce` are stored. */
class PartWriter {
  readonly atOnce: number
  readonly #repository: Repository
  readonly #signal: AbortSignal | undefined
  readonly #pieces: string[] = []
  readonly #members: PreparedMember[] = []
  readonly #parts: string[] = []
  readonly #whole: RunningDigest
  #size = 0
  readonly #writing: Promise<PreparedMember[]>[] = []

  constructor(repository: Repository, signal: AbortSignal | undefined) {
    this.#repository = repository
    this.#signal = signal
    this.atOnce = repository.contents.uploadsAtOnce ?? 1
    this.#whole = repository.hasher.start()
  }

  async add(bytes: Uint8Array): Promise<void> {
    const pieces: string[] = []
    for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
      const piece = bytes.subarray(offset, offset + pieceBytes)
      this.#whole.update(piece)
      pieces.push(this.#repository.hasher.digest(piece))
    }
    this.#pieces.push(...pieces)
    this.#size += bytes.length
    await this.#settle(this.atOnce - 1)
    const digest = partDigest(this.#repository.hasher, pieces)
    this.#parts.push(digest)
    const writing = stageUnlessKnown(this.#repository, { digest, bytes, part: true }, this.#signal)
    this.#writing.push(writing)
    // A failure is thrown by whoever waits for this part next.
    writing.catch(() => undefined)
  }

  async finish(): Promise<PreparedContent> {
    await this.#settle(0)
    const list = await prepareBytes(this.#repository, encodePieceList(this.#pieces), { signal: this.#signal })
    const digest = this.#whole.hex()
    const whole = { content: { digest, size: this.#size, pieces: list.digest } }
    return { digest, size: this.#size, members: [...this.#members, ...list.members, whole], needs: [...this.#parts, list.digest, ...(list.needs ?? [])] }
  }

  async discard(): Promise<void> {
    for (const writing of this.#writing) this.#members.push(...(await writing.catch(() => [])))
    for (const { staged } of this.#members) await staged?.discard()
  }

  /** Waits until at most so many parts are on their way. */
  async #settle(count: number): Promise<void> {
    for (let [oldest] = this.#writing; oldest !== undefined && this.#writing.length > count; [oldest] = this.#writing) {
      this.#members.push(...(await oldest))
      void this.#writing.shift()
    }
  }
}
