import type { CallOptions } from '../contract/backend.ts'
import { isWithin, type Path } from '../contract/paths.ts'

/**
 * Keeps the changes that callers make and the moves of a tier run apart, within this process: a change ends the move of a file that it concerns,
 * and no move begins where a change is under way. Changes never wait for each other.
 */
export interface PathGuard {
  /** Runs a change of what is at or below `paths`. */
  change<T>(paths: readonly Path[], work: () => Promise<T>): Promise<T>
  /** Runs a move of one file, whose signal is aborted when a change wants it. @returns `undefined` when a change was first */
  move<T>(path: Path, options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** Runs works on one path one after another. */
  inTurn<T>(path: Path, work: () => Promise<T>): Promise<T>
}

interface Moving {
  readonly path: Path
  readonly aborter: AbortController
  readonly settled: Promise<unknown>
}

/** A guard for the paths of one redirect. */
export function createPathGuard(): PathGuard {
  const changing = new Set<Path[]>()
  const moving = new Set<Moving>()
  const turns = new Map<Path, Promise<unknown>>()
  return {
    change: async (paths, work) => {
      const claim = [...paths]
      changing.add(claim)
      try {
        await Promise.all(Array.from(moving, (one) => endMove(one, claim)))
        return await work()
      } finally {
        changing.delete(claim)
      }
    },
    move: async (path, { signal }, work) => {
      if ([...changing].some((claim) => concerns(claim, path)) || [...moving].some((one) => one.path === path)) return undefined
      const aborter = new AbortController()
      const running = work(signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]))
      const one = { path, aborter, settled: Promise.allSettled([running]) }
      moving.add(one)
      try {
        return await running
      } catch (error) {
        if (aborter.signal.aborted && signal?.aborted !== true) return undefined
        throw error
      } finally {
        moving.delete(one)
      }
    },
    inTurn: async (path, work) => {
      const before = turns.get(path)
      const mine = (async () => {
        await before
        return work()
      })()
      // A turn that failed is over like any other; who took it hears of the failure.
      const settled = Promise.allSettled([mine])
      turns.set(path, settled)
      try {
        return await mine
      } finally {
        if (turns.get(path) === settled) turns.delete(path)
      }
    },
  }
}

async function endMove({ path, aborter, settled }: Moving, claim: readonly Path[]): Promise<void> {
  if (!concerns(claim, path)) return
  aborter.abort(new DOMException('The file is being changed.', 'AbortError'))
  await settled
}

function concerns(claim: readonly Path[], path: Path): boolean {
  return claim.some((claimed) => isWithin(path, claimed))
}
