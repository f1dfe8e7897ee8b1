import type { AppendOptions, Body, FileStat, MetadataPatch } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { carryFile } from './carry.ts'
import { find } from './find.ts'
import { dropStale } from './tiered-write.ts'
import { coldTarget, hotCapabilities, hotCondition, refuse, type Tier, toldHot } from './tier.ts'

/** How often a file that others change is looked at again before it is left to the caller. */
const maxAttempts = 20

/**
 * Extends a file in the first storage, where it is brought back to. An append says of which state it is, because a tier run in another process may
 * move the file away in between, and the rest would become a file of its own.
 */
export function append(tier: Tier, path: Path, { body, options }: { readonly body: Body; readonly options: AppendOptions }): Promise<FileStat> {
  return tier.guard.change([path], () => tier.guard.inTurn(path, () => appendInTurn(tier, path, { body, options })))
}

async function appendInTurn(tier: Tier, path: Path, { body, options }: { readonly body: Body; readonly options: AppendOptions }): Promise<FileStat> {
  const isRepeatable = body instanceof Uint8Array
  const call = { op: 'append', path }
  return repeated({ call, ifMatch: options.ifMatch, isRepeatable }, async () => {
    const ifMatch = await settle(tier, call, options)
    const appended = await appendHot(tier, path, { body, options: { ...options, ifMatch } })
    if (isRepeatable) tier.capacity?.add(body.length)
    return toldHot(tier, appended)
  })
}

interface Repeatable {
  readonly call: { readonly op: string; readonly path: Path }
  /** The caller's own condition, which is his to repeat. */
  readonly ifMatch: string | undefined
  readonly isRepeatable: boolean
}

/** Does a change again that found another state than it looked at: the condition was ours. @throws NexusError `busy` when others are always first */
async function repeated<T>({ call, ifMatch, isRepeatable }: Repeatable, change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change()
    } catch (error) {
      if (!isNexusError(error, 'precondition_failed') || ifMatch !== undefined) throw error
      if (isRepeatable && attempt < maxAttempts) continue
      throw new NexusError('busy', { ...call, reason: 'The file was changed or moved to other storage meanwhile, and nothing was done; do it again.', cause: error })
    }
  }
}

function appendHot({ hot }: Tier, path: Path, { body, options }: { readonly body: Body; readonly options: AppendOptions }): Promise<FileStat> {
  return hot.append === undefined ? refuse('unsupported', { op: 'append', path }) : hot.append(path, body, options)
}

/** Changes metadata where the file lies, when the storage there can; else the file is brought back first. */
export async function setMetadata(
  tier: Tier,
  path: Path,
  { patch, options }: { readonly patch: MetadataPatch; readonly options: AppendOptions },
): Promise<FileStat> {
  const { guard } = tier
  const call = { op: 'setMetadata', path }
  const change = (): Promise<FileStat> => repeated({ call, ifMatch: options.ifMatch, isRepeatable: true }, () => setWhereItLies(tier, path, { patch, options }))
  return guard.change([path], () => guard.inTurn(path, change))
}

async function setWhereItLies(tier: Tier, path: Path, { patch, options }: { readonly patch: MetadataPatch; readonly options: AppendOptions }): Promise<FileStat> {
  const { hot, cold } = tier
  const { signal } = options
  const call = { op: 'setMetadata', path }
  if ((await find(hot, path, { signal })) === undefined) {
    const { metadata, readonly } = cold.capabilities()
    const there = await find(cold, path, { signal })
    if (there === undefined) return toldHot(tier, await hotMetadata(tier, path, { patch, options }))
    if (there.kind === 'directory') return refuse('is_directory', call)
    if (options.ifMatch !== undefined && options.ifMatch !== there.etag) return refuse('precondition_failed', call)
    if (metadata && !readonly) return cold.setMetadata(path, patch, { ...options, ifMatch: there.etag })
  }
  const ifMatch = await settle(tier, call, options)
  return toldHot(tier, await hotMetadata(tier, path, { patch, options: { ...options, ifMatch } }))
}

function hotMetadata({ hot }: Tier, path: Path, { patch, options }: { readonly patch: MetadataPatch; readonly options: AppendOptions }): Promise<FileStat> {
  return hot.setMetadata === undefined ? refuse('unsupported', { op: 'setMetadata', path }) : hot.setMetadata(path, patch, options)
}

/**
 * Sees to it that a file that exists is one of the first storage.
 * @returns That storage's etag of it, for the change that follows; `undefined` when there is no such file, or no condition can be checked there
 * @throws NexusError `precondition_failed` by the caller's condition, and as {@link coldTarget}
 */
async function settle(tier: Tier, call: { readonly op: string; readonly path: Path }, { ifMatch, signal }: AppendOptions): Promise<string | undefined> {
  const { path } = call
  const here = await find(tier.hot, path, { signal })
  const isChecked = hotCapabilities(tier, path).ifMatch !== false
  if (here !== undefined) return ifMatch === undefined ? (isChecked ? here.etag : undefined) : hotCondition(tier, call, ifMatch)
  const there = await coldTarget(tier, call, { signal })
  if (there === undefined) return ifMatch === undefined ? undefined : refuse('precondition_failed', call)
  if (ifMatch !== undefined && ifMatch !== there.etag) return refuse('precondition_failed', call)
  const back = await promote(tier, there, { signal })
  return isChecked ? back.etag : undefined
}

/** Brings a file back; the first storage never replaces one that somebody else put there meanwhile. @returns That storage's stat */
export async function promote(tier: Tier, there: FileStat, { signal }: { readonly signal: AbortSignal | undefined }): Promise<FileStat> {
  const { hot, cold } = tier
  const { path } = there
  try {
    const back = await carryFile({ source: cold, target: hot, from: path, to: path, ifMatch: there.etag, ifNoneMatch: '*', signal })
    await dropStale(tier, there, { signal })
    return back
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed') && !isNexusError(error, 'not_found')) throw error
    return hot.stat(path, { signal })
  }
}
