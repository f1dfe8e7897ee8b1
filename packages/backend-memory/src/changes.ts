import { type Change, type ChangesOptions, isWithin, parentPath, type Path } from '@nexus/core/contract'
import { newestChange, parseCursor } from './log.ts'
import { checkRunnable } from './run.ts'
import { memoryError, type MemoryState } from './state.ts'

/** Changes below a path from a cursor (default: now) on, without end. @throws NexusError `invalid_argument` for an unknown cursor */
export async function* changes(state: MemoryState, path: Path, options: ChangesOptions = {}): AsyncGenerator<Change> {
  const place = { op: 'changes', path }
  checkRunnable(state, place, options.signal)
  let next = options.since === undefined ? newestChange(state) : parseCursor(state, options.since)
  if (next === undefined) throw forgotten(path)
  options.onBegin?.()
  for (;;) {
    while (next < newestChange(state)) {
      const change = state.log[next++ - state.logStart]
      if (change === undefined) throw forgotten(path)
      if (concerns(change, path, options.recursive !== false)) yield change
      checkRunnable(state, place, options.signal)
    }
    await nextEvent(state, options.signal)
    checkRunnable(state, place, options.signal)
  }
}

function forgotten(path: Path): Error {
  return memoryError(
    'invalid_argument',
    { op: 'changes', path },
    'The cursor is not known here (any more); list again, and start without one.',
  )
}

function concerns({ path, from }: Change, watched: Path, recursive: boolean): boolean {
  const isSeen = (at: Path): boolean => (recursive ? isWithin(at, watched) : at === watched || parentPath(at) === watched)
  return isSeen(path) || (from !== undefined && isSeen(from))
}

/** Resolves after the next change, at close, or at abort. */
function nextEvent(state: MemoryState, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      state.listeners.delete(wake)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    state.listeners.add(wake)
    signal?.addEventListener('abort', wake)
  })
}
