import { sleep as platformSleep, type Sleep } from '../layers/sleep.ts'

/** Holds back every call of an account while its provider has asked for a pause. */
export interface Gate {
  /** Nobody passes for so many milliseconds from now; a pause that ends earlier changes nothing. */
  close(ms: number): void
  /** Resolves when it is open; at once and without a promise when it is. Rejects with `signal.reason`. */
  pass(signal?: AbortSignal): Promise<void> | undefined
}

/** An open gate. Share it among all that count against one limit of the provider. */
export function createGate({ now = Date.now, sleep = platformSleep }: { readonly now?: (() => number) | undefined; readonly sleep?: Sleep | undefined } = {}): Gate {
  let opensAt = 0
  const wait = async (signal?: AbortSignal): Promise<void> => {
    // It may have been closed again meanwhile.
    for (let leftMs = opensAt - now(); leftMs > 0; leftMs = opensAt - now()) await sleep(leftMs, signal)
  }
  return {
    close: (ms) => {
      opensAt = Math.max(opensAt, now() + ms)
    },
    pass: (signal) => (opensAt > now() ? wait(signal) : undefined),
  }
}
