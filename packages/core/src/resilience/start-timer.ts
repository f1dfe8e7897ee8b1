/** Runs `late` after so many milliseconds, unless the function it gives is called before. Tests give one of their own. */
export type StartTimer = (ms: number, late: () => void) => () => void

/** {@link StartTimer} by the platform. */
export const platformTimer: StartTimer = (ms, late) => {
  const timer = setTimeout(late, ms)
  return () => clearTimeout(timer)
}
