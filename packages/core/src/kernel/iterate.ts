import type { Backend, CallOptions } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { mountOptions, type Place } from './place.ts'
import { toldAt, toldIn } from './relocate.ts'

/** What an iteration runs on, and how. */
export interface Iteration<O extends CallOptions, T> {
  readonly place: Place
  readonly options: O | undefined
  readonly run: (backend: Backend, path: Path, options: O) => AsyncIterable<T>
}

/**
 * Runs one iterating verb on the place's backend: it counts as under way from its first step until it ends or is left, an unmount can end
 * it between two steps, and its paths and failures are told for the kernel's caller.
 */
export async function* iterate<O extends CallOptions, T extends { readonly path: Path }>({
  place,
  options,
  run,
}: Iteration<O, T>): AsyncGenerator<T> {
  const { mount } = place
  let iterator: AsyncIterator<T> | undefined
  const release = mount.hold(async () => {
    try {
      await iterator?.return?.()
    } finally {
      release()
    }
  })
  let isDone = false
  try {
    iterator = run(mount.backend, place.inner, mountOptions(mount, options))[Symbol.asyncIterator]()
    for (;;) {
      mount.signal.throwIfAborted()
      const step = await iterator.next()
      isDone = step.done === true
      if (step.done === true) return
      yield toldIn(mount, step.value)
    }
  } catch (error) {
    isDone = true
    throw toldAt(error, place, options)
  } finally {
    try {
      if (!isDone) await iterator?.return?.()
    } finally {
      release()
    }
  }
}
