import type { S3Context } from './context.ts'
import { type Place, toNexusError } from './errors.ts'

/** How a request is sent, besides where it goes. */
export interface SendOptions extends Place {
  /** It changes something: a lost answer is `outcome_unknown`. */
  readonly changes?: boolean | undefined
  /** What a failure means here besides the table; `undefined`: the table. Throws or gives what it stands for. */
  readonly otherwise?: ((error: unknown) => unknown) | undefined
}

/**
 * Sends one request, with failures in Nexus' words.
 * @throws NexusError as `errors.ts` says; the signal's reason when aborted
 */
export async function send<T>(context: S3Context, options: SendOptions, request: (call: { abortSignal?: AbortSignal }) => Promise<T>): Promise<T> {
  const { signal } = options
  signal?.throwIfAborted()
  try {
    const output = await request(signal === undefined ? {} : { abortSignal: signal })
    context.learnt.bucketExists = true
    return output
  } catch (error) {
    signal?.throwIfAborted()
    const other = options.otherwise?.(error)
    throw other ?? toNexusError(error, options, { mayHaveHappened: options.changes })
  }
}
