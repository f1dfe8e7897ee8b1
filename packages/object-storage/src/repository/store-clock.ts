/** The store's own time, as far as its answers have told it. */
export interface StoreClock {
  /** Takes the date of an answer. */
  readonly note: (date: Date) => void
  /** Milliseconds since the epoch; `undefined` before the first answer. */
  readonly now: () => number | undefined
}

/** A clock that goes on from the newest date of the store by what passes on this machine, whatever hour that one shows. */
export function createStoreClock(now: () => number): StoreClock {
  let latest: { readonly store: number; readonly local: number } | undefined
  const read = (): number | undefined => (latest === undefined ? undefined : latest.store + Math.max(0, now() - latest.local))
  return {
    now: read,
    note(date) {
      const known = read()
      if (known === undefined || date.getTime() > known) latest = { store: date.getTime(), local: now() }
    },
  }
}
