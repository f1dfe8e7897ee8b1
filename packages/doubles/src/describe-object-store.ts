import { describe, it } from 'vitest'
import type { ObjectStore } from '@nexus/object-storage'
import { changeRules } from './object-store/change-rules.ts'
import { listRules } from './object-store/list-rules.ts'
import { putRules } from './object-store/put-rules.ts'
import { readRules } from './object-store/read-rules.ts'
import type { StoreRule } from './object-store/rule.ts'

/** How the suite gets at stores. */
export interface ObjectStoreSuite {
  /** Opens an empty store that nobody else uses; called once for each rule. */
  readonly open: () => Promise<ObjectStore> | ObjectStore
  /** Removes the store's objects, after it was closed. */
  readonly dispose?: ((store: ObjectStore) => Promise<void> | void) | undefined
  /** Rules that the service does not keep, each with the reason; they are skipped where everyone sees it. */
  readonly knownGaps?: Readonly<Record<string, string>> | undefined
  /** So long a stream is stored in several parts, in bytes; default 11,000,000: two parts of S3's least size and a rest. */
  readonly longBytes?: number | undefined
}

/** Every rule of `ObjectStore`. */
export const objectStoreRules: readonly StoreRule[] = [...putRules, ...readRules, ...listRules, ...changeRules]

/**
 * Declares one vitest case for each rule that an object store keeps.
 * @throws Error when `knownGaps` names what is no rule
 */
export function describeObjectStore(name: string, { open, dispose, knownGaps = {}, longBytes = 11_000_000 }: ObjectStoreSuite): void {
  const strange = Object.keys(knownGaps).find((gap) => !objectStoreRules.some((rule) => rule.name === gap))
  if (strange !== undefined) throw new Error(`knownGaps names "${strange}", which is no rule of an object store.`)
  describe(`${name} keeps the rules of an object store`, () => {
    for (const rule of objectStoreRules) {
      it(rule.name, { timeout: 60_000 }, async ({ skip }) => {
        if (Object.hasOwn(knownGaps, rule.name)) skip(`known gap: ${knownGaps[rule.name]}`)
        const store = await open()
        try {
          await rule.run({ store, longBytes })
        } finally {
          await store.close()
          await dispose?.(store)
        }
      })
    }
  })
}
