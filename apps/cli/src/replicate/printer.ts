/** Lets lines out one after another, in the order in which they were given, while work goes on. */
export interface Printer {
  readonly print: (line: () => Promise<void>) => void
  /** Resolves when everything given so far is out. @throws what printing failed with first */
  readonly printed: () => Promise<void>
}

/** Nothing to print yet. */
export function createPrinter(): Printer {
  let last = Promise.resolve()
  return {
    print: (line) => {
      last = last.then(line)
      // Whoever waits for the lines is told; until then it is nobody's.
      last.catch(() => undefined)
    },
    printed: () => last,
  }
}
