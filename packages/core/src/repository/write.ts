import type { AppendOptions, BatchOperation, Body, CallOptions, DeleteOptions, FileStat, MetadataPatch, MkdirOptions, MoveOptions, WriteOptions } from '../contract/backend.ts'
import { assertNever, isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { Draft, PreparedContent, Repository } from './context.ts'
import { ensureSourceDurable } from './ensure-durable.ts'
import { ensureDurable } from './maintenance/make-durable.ts'
import { ContentGone, planSetMetadata, planWrite } from './plan-write.ts'
import { planCopy, planDelete, planMkdir, planRename } from './plan-tree.ts'
import { discardStaged, isInline, prepareContent, prepareInline } from './prepare-content.ts'
import { presentRow } from './read.ts'
import { readWhole } from './read-body.ts'
import { readSpan, streamSpan, toSpan } from './read-content.ts'
import type { EntryRow } from './rows.ts'
import { again, located, type Place, withPlace } from './run.ts'
import { toEtag, toStat } from './to-stat.ts'

/** Replaces or makes a file. */
export function write(repository: Repository, path: Path, { body, options = {} }: { readonly body: Body; readonly options?: WriteOptions | undefined }): Promise<FileStat> {
  const place = { op: 'write', path, signal: options.signal }
  const refusal = refuse(repository, path, place)
  if (refusal !== undefined) return Promise.reject(refusal)
  // Bytes that ride inside their commit need no turn of the loop before it; they are taken now, because the caller may change them later.
  if (isInline(repository, body) && (options.sizeBytes ?? body.length) === body.length) {
    const prepared = prepareInline(repository, body.slice())
    return commitRow(repository, place, { plan: (draft) => planWrite(draft, path, { ...options, prepared }) })
  }
  return withPlace(repository, place, () => writePrepared(repository, place, { body, options }))
}

async function writePrepared(repository: Repository, place: Place, { body, options }: { body: Body; options: WriteOptions }): Promise<FileStat> {
  await repository.ensureCreated(options.signal)
  for (;;) {
    const prepared = await prepareDurably(repository, body, { sizeBytes: options.sizeBytes, signal: options.signal })
    try {
      return await commitRow(repository, place, { plan: (draft) => planWrite(draft, place.path, { ...options, prepared }) })
    } catch (error) {
      // Its content was known, and let go before our turn came: bytes can be stored again, a stream has passed.
      if (!isContentGone(error)) throw error
      if (!(body instanceof Uint8Array)) throw new NexusError('busy', { reason: 'The content was collected as garbage just now; write it again.' })
    } finally {
      await discardStaged(prepared)
    }
  }
}

/** Brings a body so far that one commit makes it part of the repository, and puts on disk what is there of it already. */
async function prepareDurably(repository: Repository, body: Body, options: { readonly sizeBytes?: number | undefined; readonly signal?: AbortSignal | undefined }): Promise<PreparedContent> {
  const prepared = await prepareContent(repository, body, options)
  await ensureDurable(repository, [prepared.digest, ...(prepared.needs ?? [])], options.signal)
  return prepared
}

function isContentGone(error: unknown): boolean {
  return error instanceof NexusError && error.cause instanceof ContentGone
}

/** Extends a file, or makes it; another writer's change in between is seen, never overwritten. */
export function append(repository: Repository, path: Path, { body, options = {} }: { readonly body: Body; readonly options?: AppendOptions | undefined }): Promise<FileStat> {
  const place = { op: 'append', path, signal: options.signal }
  return withPlace(repository, place, async () => {
    const refusal = refuse(repository, path, place)
    if (refusal !== undefined) throw refusal
    const addition = body instanceof Uint8Array ? body.slice() : await readWhole(body, options.signal)
    for (;;) {
      try {
        return await appendOnce(repository, place, { addition, ifMatch: options.ifMatch })
      } catch (error) {
        if (options.ifMatch !== undefined || !isNexusError(error, 'precondition_failed')) throw error
      }
    }
  })
}

async function appendOnce(repository: Repository, place: Place, { addition, ifMatch }: { addition: Uint8Array; ifMatch: string | undefined }): Promise<FileStat> {
  await repository.refresh(place.signal)
  const row = existing(repository, place.path)
  if (row === undefined) {
    if (ifMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'The file is not there any more.' })
    return writePrepared(repository, place, { body: addition, options: { ifNoneMatch: '*', signal: place.signal } })
  }
  const { digest } = row
  if (digest === null) throw new NexusError('is_directory')
  const whole = toSpan(undefined, row.size)
  const small = row.size + addition.length <= 1024 * 1024
  const body = small
    ? Buffer.concat([await readSpan(repository, digest, whole, place.signal), addition])
    : ReadableStream.from(chain(streamSpan(repository, digest, whole, place.signal), addition))
  const { contentType, metadata } = toStat(row, place.path, repository.hasher.algorithm)
  return writePrepared(repository, place, { body, options: { ifMatch: ifMatch ?? toEtag(row), contentType, metadata, signal: place.signal } })
}

async function* chain(first: AsyncIterable<Uint8Array>, second: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* first
  yield second
}

function existing(repository: Repository, path: Path): EntryRow | undefined {
  try {
    return presentRow(repository, path)
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

export function setMetadata(repository: Repository, path: Path, { patch, options = {} }: { readonly patch: MetadataPatch; readonly options?: AppendOptions | undefined }): Promise<FileStat> {
  const place = { op: 'setMetadata', path, signal: options.signal }
  return withDurable(repository, place, () => change(repository, place, { plan: (draft) => planSetMetadata(draft, path, { ...options, patch }) }))
}

export async function remove(repository: Repository, path: Path, options: DeleteOptions = {}): Promise<void> {
  await change(repository, { op: 'delete', path, signal: options.signal }, { plan: (draft) => planDelete(draft, path, options) })
}

export async function mkdir(repository: Repository, path: Path, options: MkdirOptions = {}): Promise<void> {
  await change(repository, { op: 'mkdir', path, signal: options.signal }, { plan: (draft) => planMkdir(draft, path, options) })
}

export function rename(repository: Repository, from: Path, { to, options = {} }: { readonly to: Path; readonly options?: MoveOptions | undefined }): Promise<FileStat> {
  return change(repository, { op: 'rename', path: from, signal: options.signal }, { plan: (draft) => planRename(draft, from, { ...options, to }), result: to })
}

export function copy(repository: Repository, from: Path, { to, options = {} }: { readonly to: Path; readonly options?: MoveOptions | undefined }): Promise<FileStat> {
  const place = { op: 'copy', path: from, signal: options.signal }
  return withDurable(repository, place, () => change(repository, place, { plan: (draft) => planCopy(draft, from, { ...options, to }), result: to }))
}

/** Commits what refers to a content that is there already. */
function withDurable(repository: Repository, place: Place, commit: () => Promise<FileStat>): Promise<FileStat> {
  if (repository.durability !== 'fsync') return commit()
  return withPlace(repository, place, async () => {
    await ensureSourceDurable(repository, place.path, place.signal)
    return commit()
  })
}

/** All steps in one commit, or none. */
export function batch(repository: Repository, operations: readonly BatchOperation[], options: CallOptions = {}): Promise<FileStat[]> {
  const place = { op: 'batch', path: '/' as Path, signal: options.signal }
  return withPlace(repository, place, async () => {
    const refusal = refuse(repository, undefined, place)
    if (refusal !== undefined) throw refusal
    await repository.ensureCreated(options.signal)
    for (;;) {
      try {
        return await batchOnce(repository, operations, options.signal)
      } catch (error) {
        if (!(error instanceof ContentGone)) throw error
      }
    }
  })
}

async function batchOnce(repository: Repository, operations: readonly BatchOperation[], signal: AbortSignal | undefined): Promise<FileStat[]> {
  const prepared = new Map<BatchOperation, PreparedContent>()
  try {
    for (const operation of operations) {
      if (operation.op === 'write') prepared.set(operation, await prepareDurably(repository, operation.body.slice(), { sizeBytes: operation.sizeBytes, signal }))
      if (operation.op === 'copy') await ensureSourceDurable(repository, operation.from, signal)
      if (operation.op === 'setMetadata') await ensureSourceDurable(repository, operation.path, signal)
    }
    const { result } = await repository.commit((draft) => operations.map((operation) => planStep(draft, operation, { prepared, repository })), { signal })
    return result
  } finally {
    for (const content of prepared.values()) await discardStaged(content)
  }
}

function planStep(
  draft: Draft,
  operation: BatchOperation,
  { prepared, repository }: { prepared: ReadonlyMap<BatchOperation, PreparedContent>; repository: Repository },
): FileStat {
  const { algorithm } = repository.hasher
  switch (operation.op) {
    case 'write': {
      const content = prepared.get(operation)
      if (content === undefined) throw new NexusError('unexpected', { path: operation.path })
      return toStat(planWrite(draft, operation.path, { ...operation, prepared: content }), operation.path, algorithm)
    }
    case 'delete': {
      const row = planDelete(draft, operation.path, operation)
      return row === undefined ? { path: operation.path, kind: 'file', metadata: {} } : toStat(row, operation.path, algorithm)
    }
    case 'rename':
      return toStat(planRename(draft, operation.from, operation), operation.to, algorithm)
    case 'copy': {
      const row = planCopy(draft, operation.from, operation)
      if (row.digest === null) throw new NexusError('unsupported', { path: operation.from, reason: 'A directory is copied in a commit of its own; call copy outside of the batch.' })
      return toStat(row, operation.to, algorithm)
    }
    case 'mkdir':
      return toStat(planMkdir(draft, operation.path, operation), operation.path, algorithm)
    case 'setMetadata':
      return toStat(planSetMetadata(draft, operation.path, operation), operation.path, algorithm)
    default:
      return assertNever(operation)
  }
}

function change(repository: Repository, place: Place, { plan, result = place.path }: { readonly plan: (draft: Draft) => EntryRow | undefined; readonly result?: Path }): Promise<FileStat> {
  const refusal = refuse(repository, undefined, place)
  return refusal === undefined ? commitRow(repository, place, { plan, result }) : Promise.reject(refusal)
}

async function commitRow(
  repository: Repository,
  place: Place,
  { plan, result = place.path }: { readonly plan: (draft: Draft) => EntryRow | undefined; readonly result?: Path },
): Promise<FileStat> {
  const attempt = async (): Promise<FileStat> => {
    place.signal?.throwIfAborted()
    const { result: row } = await repository.commit((draft) => plan(draft), { signal: place.signal })
    return row === undefined ? { path: result, kind: 'file', metadata: {} } : toStat(row, result, repository.hasher.algorithm)
  }
  try {
    return await attempt()
  } catch (error) {
    return again(repository, { place, error, attempt })
  }
}

function refuse(repository: Repository, path: Path | undefined, place: Place): Error | undefined {
  try {
    repository.enter()
  } catch (error) {
    return located(error, place)
  }
  if (repository.readonly) return new NexusError('read_only', { op: place.op, path: place.path, backend: 'nexus', reason: repository.readonlyReason })
  if (path === '/') return new NexusError('is_directory', { op: place.op, path, backend: 'nexus' })
  return undefined
}
