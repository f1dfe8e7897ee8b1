import type { OpenContext } from '../contract/definition.ts'
import type { Environment } from './environment.ts'
import { nexusHome, stateDirectory } from './state-directory.ts'

/** What a backend may use of the world around it, taken from this process. */
export function openContext(environment: Environment, { signal, writers }: Pick<OpenContext, 'signal' | 'writers'>): OpenContext {
  const { now, random, fetch, env, gateFor } = environment
  return {
    now,
    random,
    fetch,
    env,
    privateDirectories: [stateDirectory(environment), nexusHome(environment)],
    // The token vault is a package of its own; without it nothing is stored.
    credentials: () => Promise.resolve(undefined),
    writers,
    gateFor,
    signal,
  }
}
