import { type ErrorCode, isNexusError, type NexusError } from '@nexus/core/contract'
import type { BucketContext } from './context.ts'

const firstDelayMs = 50
const maxDelayMs = 5_000
const attempts = 3

const passing: ReadonlySet<ErrorCode> = new Set(['busy', 'outcome_unknown', 'rate_limited', 'timeout', 'unavailable'])

/** Whether a failure of the store may pass by itself. */
export function mayPass(error: unknown): error is NexusError {
  return isNexusError(error) && passing.has(error.code)
}

/** Delays that grow to five seconds, each somewhere between a half and a whole of its length. */
export class Backoff {
  /** Milliseconds waited so far. */
  waitedMs = 0
  #nextMs = firstDelayMs
  readonly #context: Pick<BucketContext, 'delay' | 'random'>

  constructor(context: Pick<BucketContext, 'delay' | 'random'>) {
    this.#context = context
  }

  /** At least as long as the service asks. */
  async wait(error: NexusError, signal: AbortSignal | undefined): Promise<void> {
    const [share = 0] = this.#context.random(new Uint8Array(1))
    const ms = Math.max(error.retryAfterMs ?? 0, Math.ceil((this.#nextMs * (256 + share)) / 512))
    this.#nextMs = Math.min(this.#nextMs * 2, maxDelayMs)
    this.waitedMs += ms
    await this.#context.delay(ms, signal)
  }
}

/** Does what may be repeated, at most three times, with growing delays. */
export async function repeatedly<T>(context: Pick<BucketContext, 'delay' | 'random'>, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const backoff = new Backoff(context)
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || attempt === attempts) throw error
      await backoff.wait(error, signal)
    }
  }
}
