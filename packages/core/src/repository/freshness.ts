import type { MaybePromise } from '../contract/store.ts'

/** Spares the storage questions whose answer is new enough. */
export class Freshness {
  #lookedAt: number | undefined
  #looking: Promise<void> | undefined
  readonly #freshnessMs: number
  readonly #now: () => number

  /** @param options.freshnessMs How old an answer may be; 0 asks each time. @param options.now Milliseconds since the epoch */
  constructor({ freshnessMs, now }: { readonly freshnessMs: number; readonly now: () => number }) {
    this.#freshnessMs = freshnessMs
    this.#now = now
  }

  /** Whether the storage is asked each time. */
  get isOff(): boolean {
    return this.#freshnessMs === 0
  }

  /** Looks, unless that was done lately; those who ask at the same time share one look, except who needs one that begins now. */
  look(isFresh: boolean, work: () => MaybePromise<void>): MaybePromise<void> {
    if (this.isOff) return work()
    if (isFresh) return this.#lookNow(work)
    const age = this.#lookedAt === undefined ? undefined : this.#now() - this.#lookedAt
    if (age !== undefined && age >= 0 && age < this.#freshnessMs) return undefined
    return (this.#looking ??= this.#lookNow(work).finally(() => (this.#looking = undefined)))
  }

  /** The state was seen as of this time. */
  saw(at: number): void {
    this.#lookedAt = Math.max(at, this.#lookedAt ?? at)
  }

  /** The next one who asks has to look. */
  forget(): void {
    this.#lookedAt = undefined
  }

  async #lookNow(work: () => MaybePromise<void>): Promise<void> {
    const began = this.#now()
    await work()
    this.saw(began)
  }
}
