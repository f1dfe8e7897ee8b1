import type { Backend, CallOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { MountInfo } from './mount-info.ts'
import type { Mountable } from './mount-table.ts'
import { WriteGate } from './write-gate.ts'

/** Called when a body or an iteration must end before its reader has finished. */
type Abandon = (reason: NexusError) => Promise<void>

/** How a mount comes to its end. */
interface FinishOptions {
  readonly drain: boolean
  readonly signal?: AbortSignal | undefined
  readonly keepsUnbegun?: boolean | undefined
  /** What happened to it, for who is cut off. */
  readonly why?: string | undefined
}

/**
 * A backend in its place, and what is under way on it. Calls are counted; bodies and iterations, which may rest between two steps of
 * their reader, also say how they are abandoned.
 */
export class Mounted implements Mountable {
  readonly id: string
  readonly mountPoint: Path
  readonly priority: number
  readonly hidden: boolean
  readonly label: string
  /** With its layers on; every call goes through it. */
  readonly backend: Backend
  /** As it was given; the one that is closed. */
  readonly source: Backend
  /** Everything but the capabilities, which a backend made of backends may change. */
  readonly facts: Omit<MountInfo, 'capabilities'>
  /** Options of a call that has none of its own: the signal of the mount. */
  readonly callOptions: CallOptions
  /** Whether changes may begin. */
  readonly gate: WriteGate
  readonly #aborter = new AbortController()
  readonly #feeds = new AbortController()
  readonly #held = new Map<Abandon, () => boolean>()
  #active = 0
  #onIdle: (() => void) | undefined

  constructor({
    backend,
    source,
    facts,
    hidden,
    gate = new WriteGate(),
  }: {
    readonly backend: Backend
    readonly source: Backend
    readonly facts: Omit<MountInfo, 'capabilities'>
    readonly hidden: boolean
    /** Of the mount that stood here before. */
    readonly gate?: WriteGate | undefined
  }) {
    this.id = facts.id
    this.mountPoint = facts.mountPoint
    this.priority = facts.priority
    this.hidden = hidden
    this.label = facts.uri ?? `${facts.backendType} at ${facts.mountPoint}`
    this.backend = backend
    this.source = source
    this.facts = facts
    this.gate = gate
    this.callOptions = { signal: this.#aborter.signal }
  }

  /** Aborted when what is under way must end. */
  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /** Aborted when the unmount begins: a feed of changes never ends by itself, so nobody waits for it. */
  get feedSignal(): AbortSignal {
    return this.#feeds.signal
  }

  /** Calls, bodies and iterations under way. */
  get active(): number {
    return this.#active
  }

  /** A call begins; each needs one {@link leave}. */
  enter(): void {
    this.#active++
  }

  leave(): void {
    if (--this.#active === 0) this.#onIdle?.()
  }

  /**
   * A body or an iteration begins. @returns Ends it; a second call changes nothing.
   * @param isBegun Whether its reader took a first step; what nobody began to read is abandoned and not waited for. Default: it did.
   */
  hold(abandon: Abandon, isBegun: () => boolean = () => true): () => void {
    this.enter()
    this.#held.set(abandon, isBegun)
    return () => {
      if (this.#held.delete(abandon)) this.leave()
    }
  }

  /**
   * Resolves when nothing is under way any more. Nothing new may begin.
   * @param options.keepsUnbegun Waits also for what nobody began to read, until {@link endUnbegun}.
   */
  async finish({ drain, signal, keepsUnbegun = false, why = 'was unmounted.' }: FinishOptions): Promise<void> {
    const reason = new NexusError('unavailable', { reason: `${this.label} ${why}` })
    this.#feeds.abort(reason)
    if (!keepsUnbegun) await this.#abandon(reason, (isBegun) => !isBegun())
    if (this.#active === 0) return
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    const end = (): void => void this.#abort(reason)
    if (!drain || signal?.aborted === true) end()
    else signal?.addEventListener('abort', end, { once: true })
    await idle
    signal?.removeEventListener('abort', end)
  }

  /** Gives up what nobody began to read: it would never end. */
  async endUnbegun(): Promise<void> {
    await this.#abandon(new NexusError('unavailable', { reason: `${this.label} was closed.` }), (isBegun) => !isBegun())
  }

  async #abort(reason: NexusError): Promise<void> {
    this.#aborter.abort(reason)
    await this.#abandon(reason, () => true)
  }

  async #abandon(reason: NexusError, which: (isBegun: () => boolean) => boolean): Promise<void> {
    const held = [...this.#held].filter(([, isBegun]) => which(isBegun))
    // Settled, not awaited for success: whoever was reading gets `reason`, and a cancellation that fails has nobody left to tell.
    await Promise.allSettled(held.map(([abandon]) => abandon(reason)))
  }
}
