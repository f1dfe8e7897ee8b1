import { sleep as platformSleep, type Sleep } from '../layers/sleep.ts'

/** Holds back every call of an account while its provider has asked for a pause. */
export interface Gate {
  /** Nobody passes for so many milliseconds from now; a pause that ends earlier changes nothing. */
  close(ms: number): void
  /** Resolves when the pause that is known now has ended, which may have been lengthened since; at once and without a promise when it is open. Rejects with `signal.reason`. */
  pass(signal?: AbortSignal): Promise<void> | undefined
  /** How long it stays closed, in milliseconds from now; 0 when it is open. */
  closedForMs(): number
}

/** What a gate waits by. */
export interface GateOptions {
  /** Milliseconds on a clock that only goes forward; default `performance.now`. */
  readonly now?: (() => number) | undefined
  readonly sleep?: Sleep | undefined
}

/** An open gate. Share it among all that count against one limit of the provider. */
export function createGate({ now = () => performance.now(), sleep = platformSleep }: GateOptions = {}): Gate {
  let opensAt = 0
  const closedForMs = (): number => Math.max(0, opensAt - now())
  return {
    close: (ms) => {
      opensAt = Math.max(opensAt, now() + ms)
    },
    pass: (signal) => (closedForMs() > 0 ? sleep(closedForMs(), signal) : undefined),
    closedForMs,
  }
}
