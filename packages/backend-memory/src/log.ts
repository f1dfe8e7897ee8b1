import type { Change } from '@nexus/core/contract'
import type { MemoryState } from './state.ts'

/** Older changes are forgotten; a cursor before them is answered with "list again". */
const maxKeptChanges = 10_000

/** Numbers a change and tells everyone who waits. */
export function recordChange(state: MemoryState, change: Omit<Change, 'cursor'>): void {
  const number = state.logStart + state.log.length + 1
  state.log.push({ ...change, cursor: `${state.storeId}.${number}` })
  if (state.log.length >= 2 * maxKeptChanges) {
    state.logStart += state.log.length - maxKeptChanges
    state.log = state.log.slice(-maxKeptChanges)
  }
  for (const listener of state.listeners) listener()
}

/** Number of the newest change; 0 before the first. */
export function newestChange(state: MemoryState): number {
  return state.logStart + state.log.length
}

/** The number that a cursor stands for; `undefined` when this store never gave it or has forgotten what came after it. */
export function parseCursor(state: MemoryState, cursor: string): number | undefined {
  const prefix = `${state.storeId}.`
  const digits = cursor.startsWith(prefix) ? cursor.slice(prefix.length) : ''
  if (!/^[1-9][0-9]{0,14}$/.test(digits)) return undefined
  const number = Number(digits)
  return number >= state.logStart && number <= newestChange(state) ? number : undefined
}
