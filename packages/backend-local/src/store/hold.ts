import type { JournalContext } from './context.ts'

/** Says who holds the lock, then begins what may last. */
export function duringHold<T>(context: JournalContext, work: () => Promise<T>): Promise<T> {
  context.lock.announce()
  return work()
}

/** The same for work that has begun: whatever happens, the lock is held until it ends. */
export async function announced<T>(context: JournalContext, work: Promise<T>): Promise<T> {
  try {
    context.lock.announce()
  } finally {
    await work
  }
  return work
}
