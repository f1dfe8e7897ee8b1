/** How long small work may run on before the event loop gets its turn. */
const maxTurnMs = 10

/**
 * Work that is done at once never leaves the microtask queue, so a loop of such calls would let no timer and no socket through. The guard
 * makes every now and then one of them wait for the loop.
 */
export class LoopGuard {
  #startedAt: number | undefined
  #next: Promise<void> | undefined

  /** `undefined` to go on at once, or what to wait for first. */
  pass(): Promise<void> | undefined {
    const now = performance.now()
    if (this.#startedAt === undefined) {
      this.#startedAt = now
      this.#next = new Promise((resolve) => {
        setImmediate(() => {
          this.#startedAt = undefined
          resolve()
        })
      })
      return undefined
    }
    return now - this.#startedAt > maxTurnMs ? this.#next : undefined
  }
}
