import { NexusError } from '../contract/errors.ts'

/** Whether changes to a mount may begin, and how many are under way. It belongs to the place and outlives the backend that stands there. */
export class WriteGate {
  #underWay = 0
  #opening: PromiseWithResolvers<undefined> | undefined
  #onIdle: (() => void) | undefined

  /** Resolves when changes may begin again; `undefined` while they may. */
  get opening(): Promise<undefined> | undefined {
    return this.#opening?.promise
  }

  /** A change begins; each needs one {@link leave}. */
  enter(): void {
    this.#underWay++
  }

  leave(): void {
    if (--this.#underWay === 0) this.#onIdle?.()
  }

  /** Keeps changes waiting, from now on until {@link open}. @throws NexusError `busy` when somebody does already */
  close(): void {
    if (this.#opening !== undefined) throw new NexusError('busy', { reason: 'Changes to this mount are held back already; wait for the migration that does.' })
    this.#opening = Promise.withResolvers()
  }

  /** Lets changes go on. */
  open(): void {
    this.#opening?.resolve(undefined)
    this.#opening = undefined
  }

  /** Resolves when no change is under way. @throws the signal's reason */
  async idle(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#underWay === 0) return
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const onAbort = (): void => reject(signal.reason as Error)
    this.#onIdle = () => resolve(undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      this.#onIdle = undefined
      signal.removeEventListener('abort', onAbort)
    }
  }
}
