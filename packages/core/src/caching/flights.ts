/** Answers that several wait for at the same time, asked for once. */
export interface Flights<T> {
  /**
   * Waits for the answer under `key`, and asks for it when nobody does. Who gives up leaves the others their answer; when all have, the question is aborted.
   * @throws What `start` rejects with; `signal.reason`
   */
  join(key: string, start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>
  /** Lets nobody join what is under way: it may be overtaken. */
  clear(): void
}

interface Flight<T> {
  readonly answer: Promise<T>
  readonly aborter: AbortController
  waiting: number
}

/** With nothing under way. @param onUnclaimed Gets an answer that nobody waits for any more */
export function createFlights<T>(onUnclaimed: (answer: T) => void): Flights<T> {
  const flights = new Map<string, Flight<T>>()
  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const aborter = new AbortController()
    const answer = start(aborter.signal)
    const flight: Flight<T> = { answer, aborter, waiting: 0 }
    const end = (): void => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    answer.then((value) => {
      end()
      if (flight.waiting === 0) onUnclaimed(value)
    }, end)
    flights.set(key, flight)
    return flight
  }
  return {
    join: async (key, start, signal) => {
      signal?.throwIfAborted()
      const flight = flights.get(key) ?? begin(key, start)
      flight.waiting++
      const { promise: aborted, reject } = Promise.withResolvers<never>()
      const onAbort = (): void => {
        // Nobody may join what is being given up.
        if (flight.waiting === 1 && flights.get(key) === flight) flights.delete(key)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        return await Promise.race([flight.answer, aborted])
      } finally {
        signal?.removeEventListener('abort', onAbort)
        if (signal?.aborted === true && --flight.waiting === 0) flight.aborter.abort(signal.reason)
      }
    },
    clear: () => flights.clear(),
  }
}
