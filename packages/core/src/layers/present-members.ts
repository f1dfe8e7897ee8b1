import type { Backend } from '../contract/backend.ts'

/** Every member of the contract, each perhaps `undefined`: what a layer's exhaustive table looks like before the absent ones are dropped. */
export type BackendTable = { [K in keyof Required<Backend>]: Backend[K] | undefined }

/**
 * The backend that a table describes: members that are `undefined` become absent, getters stay getters. Required members are never
 * `undefined` in a table that forwards a `Backend`.
 */
export function presentMembers(table: BackendTable): Backend {
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(table)).filter(
    ([, descriptor]) => 'get' in descriptor || descriptor.value !== undefined,
  )
  return Object.defineProperties({}, Object.fromEntries(descriptors)) as Backend
}
