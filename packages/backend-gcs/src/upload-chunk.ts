import { nextDelay, outcomeOf, retryAfterOf } from '@nexus/core/contract'
import type { GcsContext } from './context.ts'
import { failure } from './errors.ts'
import type { ObjectResource } from './object-info.ts'
import { endUpload, queryStatus, sendPart, type Session, type UploadState } from './session.ts'

/** A chunk and its place in the object. */
interface PlacedChunk {
  readonly bytes: Uint8Array
  readonly isLast: boolean
  readonly offset: number
  /** Of all bytes up to the end of this chunk. */
  readonly crc32c: string
}

/** Requests without progress that are borne; one more ends the upload. */
const maxFailures = 2
const delays = { baseDelayMs: 200 }

/**
 * Sends a chunk until all of it persists. A stream cannot be sent again from above, so that a lost answer is cleared up here: the service is asked
 * what it holds, and gets the rest.
 * @returns The object after the last chunk; `undefined` after the others.
 */
export async function uploadChunk(context: GcsContext, session: Session, chunk: PlacedChunk): Promise<ObjectResource | undefined> {
  const end = chunk.offset + chunk.bytes.length
  let persistedBytes = chunk.offset
  for (let failures = 0; ; ) {
    const state = await attempt(context, session, { chunk, persistedBytes, isQuery: failures > 0 }).catch((error: unknown) => afterFailure(error, failures))
    if (!(state instanceof Error) && 'resource' in state) return state.resource
    if (!(state instanceof Error) && state.persistedBytes > persistedBytes) {
      failures = 0
      persistedBytes = checkProgress(session, state.persistedBytes, chunk)
      if (persistedBytes === end && !chunk.isLast) return undefined
      continue
    }
    failures = await pauseAfter(context, session, { state, failures, isLast: chunk.isLast })
  }
}

interface Attempt {
  readonly chunk: PlacedChunk
  readonly persistedBytes: number
  readonly isQuery: boolean
}

/** After a failure it asks first, and sends only what the service does not hold. */
async function attempt(context: GcsContext, session: Session, { chunk, persistedBytes, isQuery }: Attempt): Promise<UploadState> {
  const end = chunk.offset + chunk.bytes.length
  const total = chunk.isLast ? end : undefined
  // What the last chunk brought about stays unknown until the service tells.
  const from = isQuery ? await queryStatus(context, session, chunk.isLast ? 'change' : 'none') : { persistedBytes }
  if ('resource' in from) return from
  if (from.persistedBytes === end) return total === undefined ? from : endUpload(context, session, { total, crc32c: chunk.crc32c })
  checkProgress(session, from.persistedBytes, chunk)
  return sendPart(context, session, { offset: from.persistedBytes, bytes: chunk.bytes.subarray(from.persistedBytes - chunk.offset), total, crc32c: chunk.crc32c })
}

/** The service can hold neither less than it said before, nor more than it was sent. */
function checkProgress({ place }: Session, persistedBytes: number, { offset, bytes }: PlacedChunk): number {
  if (persistedBytes >= offset && persistedBytes <= offset + bytes.length) return persistedBytes
  throw failure('unexpected', place, `The service says that it holds ${persistedBytes} bytes of an upload that stands between ${offset} and ${offset + bytes.length}.`)
}

/** @returns An error that may pass. @throws every other */
function afterFailure(error: unknown, failures: number): Error {
  if (error instanceof Error && outcomeOf(error) !== 'final' && failures < maxFailures) return error
  throw error
}

/** No byte further, and why. */
interface Stagnation {
  readonly state: UploadState | Error
  readonly failures: number
  readonly isLast: boolean
}

async function pauseAfter(context: GcsContext, session: Session, { state, failures, isLast }: Stagnation): Promise<number> {
  if (failures >= maxFailures) throw failure(isLast ? 'outcome_unknown' : 'unavailable', session.place, 'The service takes no more bytes of the upload. Try again later.')
  await context.sleep(Math.max(retryAfterOf(state), nextDelay(delays.baseDelayMs * failures, delays)), session.signal)
  return failures + 1
}
