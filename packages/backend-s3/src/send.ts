import type { PolicyCall } from '@nexus/core/contract'
import type { S3Context } from './context.ts'
import { type Place, toNexusError } from './errors.ts'

/** How a request is sent, besides where it goes. */
export interface SendOptions extends Place {
  /** It changes something: a lost answer is `outcome_unknown`. */
  readonly changes?: boolean | undefined
  /** What fails together with it; default `write` for what changes something, else `read`. */
  readonly kind?: PolicyCall['kind'] | undefined
  /** Whether it may be sent again; default `always`, `refused` for a change under a condition, which its own first attempt would make fail. */
  readonly repeat?: 'always' | 'refused' | undefined
  /** One of several requests of a call, which nobody above can repeat by itself. */
  readonly isStep?: boolean | undefined
  /** Length of what is sent, in bytes. */
  readonly bodyBytes?: number | undefined
  /** How long the service may work for it, in milliseconds: it says 200 at once, then white space, and the result at the end. */
  readonly workMs?: number | undefined
  /** What a failure means here besides the table; `undefined`: the table. Throws or gives what it stands for. */
  readonly otherwise?: ((error: unknown) => unknown) | undefined
}

/** The options of one attempt for the SDK. */
export interface SdkCall {
  readonly abortSignal: AbortSignal
}

/**
 * Sends one request by the policy, so often as may be, with failures in Nexus' words.
 * @throws NexusError as `errors.ts` says; the signal's reason when aborted
 */
export async function send<T>(context: S3Context, options: SendOptions, request: (call: SdkCall) => Promise<T>): Promise<T> {
  const { op, signal, changes = false, kind = changes ? 'write' : 'read', repeat = 'always', isStep = false, bodyBytes, workMs } = options
  signal?.throwIfAborted()
  const { calls, steps } = context.attempts
  const call = { op, kind, repeat, changes, bodyBytes, workMs, signal, attempts: isStep ? steps : calls }
  return context.policy.run(call, (abortSignal) => sendOnce(context, { ...options, signal: abortSignal }, () => request({ abortSignal })))
}

async function sendOnce<T>(context: S3Context, options: SendOptions, request: () => Promise<T>): Promise<T> {
  try {
    const output = await request()
    context.learnt.bucketExists = true
    return output
  } catch (error) {
    options.signal?.throwIfAborted()
    const other = options.otherwise?.(error)
    throw other ?? toNexusError(error, options, { mayHaveHappened: options.changes })
  }
}
