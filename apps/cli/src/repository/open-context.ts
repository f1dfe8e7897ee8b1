import { nexusHome, processEnvironment, stateDirectory } from '@nexus/core'
import type { OpenContext } from '@nexus/core/contract'

/** What a backend may use of this process, for storage that is opened without mounting it. */
export function openContext(signal: AbortSignal): OpenContext {
  const { now, random, fetch, env } = processEnvironment()
  return { now, random, fetch, env, privateDirectories: [stateDirectory(), nexusHome()], credentials: () => Promise.resolve(undefined), signal }
}
