import type { BlockingPort, Call } from './blocking-port.ts'
import { fetchStep } from './read-body.ts'

interface Page {
  readonly handle: number
  readonly items: readonly unknown[]
  readonly done: boolean
}

/** An iteration on the worker, fetched page by page as it is read; each loop over it starts anew, leaving early ends it. */
export function readPages(port: BlockingPort, call: Call): Iterable<unknown> {
  return { [Symbol.iterator]: () => pages(port, call) }
}

function* pages(port: BlockingPort, call: Call): Generator {
  const first = port.call(call).value as Page
  let isDone = first.done
  try {
    yield* first.items
    while (!isDone) {
      const page = fetchStep(port, first.handle, () => (isDone = true)).value as Page
      isDone = page.done
      yield* page.items
    }
  } finally {
    if (!isDone) port.call({ verb: 'release', args: [first.handle] })
  }
}
