import { NexusError } from '@nexus/core/contract'
import { repeatedly } from './attempts.ts'
import { type BucketContext, randomHex } from './context.ts'

/**
 * Copies a damaged object to `quarantine/`, where nothing is deleted or replaced: the number behind its name there is one that nobody else takes, because
 * not every service keeps a condition of a copy. The object itself stays: who heals the content writes over it, and the sweep takes what nobody refers to
 * any more.
 * @throws NexusError `not_found`
 */
export async function quarantineObject(context: Pick<BucketContext, 'store' | 'delay' | 'random'>, key: string): Promise<void> {
  const { store } = context
  const name = `quarantine/${key.replaceAll('/', '_')}~${BigInt(`0x${randomHex(context, 16)}`)}`
  const copied = await repeatedly(context, undefined, () => store.copy(key, name))
  if (copied === undefined) throw new NexusError('not_found', { op: 'quarantine', path: key, backend: store.scheme, reason: 'The object is not there.' })
}
