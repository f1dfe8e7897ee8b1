import { isNexusError, nextDelay, type NexusError, outcomeOf, retryAfterOf } from '@nexus/core/contract'
import type { BucketContext } from './context.ts'

const delays = { baseDelayMs: 50, maxDelayMs: 5_000 }
const attempts = 3

/** Whether a failure of the store may pass by itself. */
export function mayPass(error: unknown): error is NexusError {
  return isNexusError(error) && outcomeOf(error) !== 'final'
}

/** Delays that grow to five seconds, by chance. */
export class Backoff {
  #beforeMs = 0
  readonly #context: Pick<BucketContext, 'delay' | 'random'>

  constructor(context: Pick<BucketContext, 'delay' | 'random'>) {
    this.#context = context
  }

  /** At least as long as the service asks. */
  async wait(error: NexusError, signal: AbortSignal | undefined): Promise<void> {
    const [share = 0] = this.#context.random(new Uint8Array(1))
    this.#beforeMs = nextDelay(this.#beforeMs, { ...delays, random: () => share / 256 })
    const ms = Math.ceil(Math.max(retryAfterOf(error), this.#beforeMs))
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
