import { isNexusError, NexusError } from '@nexus/core/contract'
import type { PutOptions } from '@nexus/object-storage'
import type { S3Context } from './context.ts'
import { copyObject } from './copy-object.ts'
import { remove } from './delete.ts'
import { putUnproved } from './put.ts'
import { uploadParts } from './upload.ts'

/** Requests that may carry a condition. */
export type ConditionedRequest = 'put' | 'copy' | 'complete'

/** The condition of a write. */
export type ConditionKind = 'absent' | 'match'

/** Proofs under way and done, by request and condition. */
export type ProofMemo = Map<`${ConditionedRequest} ${ConditionKind}`, Promise<boolean>>

const bytes = new TextEncoder().encode('nexus probe')

/** What the configuration and the kind of service say before anything was tried. */
export function declaredConditions({ config: { conditions }, isAws }: Pick<S3Context, 'config' | 'isAws'>): { absent: boolean; match: boolean } {
  if (conditions === 'auto') return { absent: true, match: isAws }
  return { absent: conditions !== 'none', match: conditions === 'all' }
}

/**
 * Lets a conditional write pass only where the service keeps the condition: Amazon does, and what `conditions` names is believed; elsewhere it is tried
 * once, on an object of its own, before the first write that relies on it.
 * @throws NexusError `unsupported`
 */
export async function requireCondition(context: S3Context, request: ConditionedRequest, { condition, signal }: PutOptions): Promise<void> {
  if (condition === undefined) return
  const kind = condition === 'absent' ? 'absent' : 'match'
  const isDeclared = declaredConditions(context)[kind]
  const isTrusted = context.isAws || context.config.conditions !== 'auto'
  if (isDeclared && (isTrusted || (await prove(context, request, kind)))) return
  signal?.throwIfAborted()
  const header = kind === 'absent' ? 'If-None-Match' : 'If-Match'
  const reason = `The service does not keep ${header} on ${request}; without it two writers could overwrite each other. Where it does, say conditions=all.`
  throw new NexusError('unsupported', { op: request, path: context.name, backend: 's3', reason })
}

/** Whether the service keeps the condition; tried once. A try that fails for another reason says nothing and is repeated at the next call. */
export function prove(context: S3Context, request: ConditionedRequest, kind: ConditionKind): Promise<boolean> {
  const name = `${request} ${kind}` as const
  const known = context.proofs.get(name)
  if (known !== undefined) return known
  const proof = onProbe(context, (key) => tryCondition(context, { request, kind, key }))
  context.proofs.set(name, proof)
  proof.catch(() => context.proofs.delete(name))
  return proof
}

/** A directory marker of its own: who lists the bucket in this moment takes it for no file. */
async function onProbe(context: S3Context, attempt: (key: string) => Promise<boolean>): Promise<boolean> {
  const id = Buffer.from(context.random(new Uint8Array(8))).toString('hex')
  const key = `${context.config.prefix}nexus-probe-${id}/`
  try {
    return await attempt(key)
  } finally {
    await remove(context, [key])
  }
}

interface Attempt {
  readonly request: ConditionedRequest
  readonly kind: ConditionKind
  readonly key: string
}

async function tryCondition(context: S3Context, attempt: Attempt): Promise<boolean> {
  const { etag } = await putUnproved(context, attempt.key, { body: bytes, options: {} })
  if (attempt.kind === 'absent') return !(await passes(context, attempt, 'absent'))
  return !(await passes(context, attempt, { ifMatch: '00000000000000000000000000000000' })) && (await passes(context, attempt, { ifMatch: etag }))
}

async function passes(context: S3Context, { request, key }: Attempt, condition: NonNullable<PutOptions['condition']>): Promise<boolean> {
  try {
    await performers[request](context, key, { condition })
    return true
  } catch (error) {
    if (isNexusError(error, 'precondition_failed') || isNexusError(error, 'unsupported')) return false
    throw error
  }
}

const performers: Record<ConditionedRequest, (context: S3Context, key: string, options: PutOptions) => Promise<unknown>> = {
  put: (context, key, options) => putUnproved(context, key, { body: bytes, options }),
  copy: (context, key, options) => copyObject(context, { from: { key }, to: key, sizeBytes: bytes.length, carried: { described: {}, placed: {} } }, { ...options, metadata: { probe: '1' } }),
  complete: (context, key, options) => uploadParts(context, key, { options, parts: [bytes] }),
}
