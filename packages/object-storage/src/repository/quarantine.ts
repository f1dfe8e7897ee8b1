import { isNexusError, NexusError } from '@nexus/core/contract'
import { repeatedly } from './attempts.ts'
import { type BucketContext, createOnly } from './context.ts'

/**
 * Copies a damaged object to `quarantine/`, where nothing is deleted. The object itself stays: who heals the content writes over it, and the sweep takes
 * what nobody refers to any more.
 * @throws NexusError `not_found`
 */
export async function quarantineObject(context: BucketContext, key: string): Promise<void> {
  const { store } = context
  const wanted = `quarantine/${key.replaceAll('/', '_')}`
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}~${count}`
    if ((await repeatedly(context, undefined, () => store.head(name))) !== undefined) continue
    try {
      const copied = await repeatedly(context, undefined, () => store.copy(key, name, { condition: createOnly(context) }))
      if (copied !== undefined) return
    } catch (error) {
      // Another process has put the same object aside just now, under this name.
      if (isNexusError(error, 'precondition_failed')) continue
      throw error
    }
    throw new NexusError('not_found', { op: 'quarantine', path: key, backend: store.scheme, reason: 'The object is not there.' })
  }
}
