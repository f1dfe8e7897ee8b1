import type { FileOperations } from './model/open-test-repository.ts'
import { realFiles } from './model/real-files.ts'

/** Names of calls that can be made to fail. */
export type CallName = keyof FileOperations

/** Files whose Nth call of one kind fails. */
export interface FaultyFiles {
  readonly files: FileOperations
  /** Whether the fault struck since it was set. */
  readonly struck: () => boolean
  /** Takes back a fault that has not struck. */
  readonly heal: () => void
  /** From now on the `nth` call of that name fails once with that errno name. */
  readonly fail: (name: CallName, fault: { readonly nth: number; readonly code: string }) => void
}

const later: readonly string[] = ['fdatasync', 'fsync', 'readAway', 'writeAway'] satisfies CallName[]

/** Real files with a place for one fault. */
export function createFaultyFiles(): FaultyFiles {
  let plan: { name: string; nth: number; code: string } | undefined
  let struck = false
  const fault = (name: string): Error | undefined => {
    if (plan?.name !== name || --plan.nth !== 0) return undefined
    const { code } = plan
    plan = undefined
    struck = true
    return Object.assign(new Error(`${code}: injected, ${name}`), { code, errno: -5, syscall: name })
  }
  const wrapped = Object.entries(realFiles).map(([name, call]) => [
    name,
    (...args: readonly unknown[]): unknown => {
      const error = fault(name)
      if (error === undefined) return (call as (...given: readonly unknown[]) => unknown)(...args)
      if (later.includes(name)) return Promise.reject(error)
      throw error
    },
  ])
  return {
    files: Object.fromEntries(wrapped) as FileOperations,
    struck: () => struck,
    heal: () => void (plan = undefined),
    fail: (name, { nth, code }) => {
      plan = { name, nth, code }
      struck = false
    },
  }
}
