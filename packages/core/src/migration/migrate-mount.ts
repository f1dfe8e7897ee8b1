import { NexusError } from '../contract/errors.ts'
import { parsePath, type Path, relativePath, underPath } from '../contract/paths.ts'
import { createKernel } from '../kernel/kernel.ts'
import type { MountInfo } from '../kernel/mount-info.ts'
import { stateDirectory } from '../mounting/state-directory.ts'
import type { SyncProgress } from '../replication/sync-options.ts'
import { openPair, type SyncPair } from '../replication/sync-run.ts'
import { type Brought, bringAlong, bringRest } from './bring-along.ts'
import { findLosses, type Survey } from './find-losses.ts'
import { followOld } from './follow-old.ts'
import type { MigrateOptions, MigrateProgress, MigrateResult, MigrationLoss } from './migrate-options.ts'
import { type MigrationRecord, openMigrationRecord } from './migration-record.ts'
import { type MigrationTarget, type MigrationWorld, openTarget, refuseTarget } from './open-target.ts'
import { refuseLosses, refuseNotEmpty, refuseTiersWithin } from './refusals.ts'
import { toldOfMigration } from './told.ts'
import { type Verified, verifySides } from './verify-sides.ts'

/** Both storages stand here in a table of their own, which no user sees. */
const [from, to] = ['/~migrate-from', '/~migrate-to'].map(parsePath) as [Path, Path]

/** One migration under way. */
interface Migration {
  readonly world: MigrationWorld
  readonly info: MountInfo
  readonly options: MigrateOptions
  readonly signal: AbortSignal
  readonly target: MigrationTarget
  readonly record: MigrationRecord
}

/** A migration whose two storages stand side by side. */
interface Prepared extends Migration {
  readonly pair: SyncPair
  readonly survey: Survey
}

/** What became of a migration while it went on. */
interface State {
  isSwitched: boolean
}

/**
 * Moves a mount to other storage while it is in use: copies, follows what changes, holds changes back for the rest, compares, and switches. Until then nothing is changed
 * for anybody, and after a failure or a kill the same call goes on. The old storage is left as it stands.
 * @throws NexusError `mount_not_found`; `not_empty` for a target that holds something else; `unsupported`, naming what would be lost; `busy` when a change under way does not end
 */
export async function migrateMount(world: MigrationWorld, mountPoint: string, { uri, options = {} }: { readonly uri: string; readonly options?: MigrateOptions | undefined }): Promise<MigrateResult> {
  const { signal = new AbortController().signal } = options
  signal.throwIfAborted()
  const info = mountAt(world, parsePath(mountPoint))
  refuseTiersWithin(world, info)
  const target = await openTarget(world, { info, uri, options: options.options, signal })
  const state: State = { isSwitched: false }
  try {
    return await withRecord({ world, info, options, target, signal }, state)
  } catch (error) {
    throw toldOfMigration(error, { mountPoint: info.mountPoint, roots: [from, to], isSwitched: state.isSwitched, signal })
  } finally {
    if (!state.isSwitched) await target.cached.close()
  }
}

function mountAt({ kernel }: MigrationWorld, mountPoint: Path): MountInfo {
  const info = kernel.mounts().find((mount) => mount.mountPoint === mountPoint)
  if (info === undefined) throw new NexusError('mount_not_found', { op: 'migrate', path: mountPoint, backend: 'nexus' })
  return info
}

async function withRecord(given: Omit<Migration, 'record'>, state: State): Promise<MigrateResult> {
  const { world, info, options, target } = given
  const record = await openMigrationRecord(stateDirectory(world.opening.registry.environment), { from: info.storage, to: target.storage })
  const dryRun = options.dryRun === true
  let isDone = false
  try {
    if (record.isResumed && target.storage === info.storage) {
      // A kill came between the switch and the end of the record.
      isDone = !dryRun
      return resultOf(given, { isSwitched: true, isRemembered: true })
    }
    refuseTarget(target, info)
    const migration = await prepare({ ...given, record })
    if (dryRun) return resultOf(given, migration.survey)
    const result = await copyAndSwitch(migration, state)
    isDone = true
    return result
  } finally {
    if (isDone || state.isSwitched) await record.finish()
    else await record.release()
  }
}

/** Puts both storages into a table of its own, which is given up and not closed: they belong to the mount. */
async function prepare(migration: Migration): Promise<Prepared> {
  const { world, info, options, target, record, signal } = migration
  const backend = createKernel()
  await backend.mount({ mountPoint: from, backend: world.kernel.storageOf(info.id), backendType: info.backendType, uri: info.uri })
  await backend.mount({ mountPoint: to, backend: target.cached, backendType: target.entry.backendType, uri: target.uri })
  const { concurrency, bytesPerSecond, onProgress } = options
  const opened = await openPair(backend, from, { to, op: 'migrate', delete: true, allowEmptySource: true, concurrency, bytesPerSecond, signal })
  await refuseNotEmpty({ backend, to, record, target, signal })
  const found = await findLosses({ backend, from, to }, { signal, onProgress: (progress) => onProgress?.(progress) })
  const survey = { ...found, losses: found.losses.map((loss) => lossAt(info.mountPoint, loss)) }
  options.onLosses?.(survey.losses)
  if (options.dryRun !== true && options.allowLoss !== true) refuseLosses(info.mountPoint, survey.losses)
  const { filter } = opened
  const takes: typeof filter.takes = (key, kind) => !survey.refused.has(key) && filter.takes(key, kind)
  return { ...migration, survey, pair: { ...opened, ledger: record, filter: { ...filter, takes } } }
}

/** With the path that the mount has it at. */
function lossAt(mountPoint: Path, { path, ...loss }: MigrationLoss): MigrationLoss {
  return path === undefined ? loss : { ...loss, path: underPath(mountPoint, relativePath(path, from)) }
}

async function copyAndSwitch(migration: Prepared, state: State): Promise<MigrateResult> {
  const { world: { kernel }, info, options, record, signal } = migration
  record.begin()
  const copied = await bringAlong(inPhase(migration, 'copying'), signal)
  const kept = Promise.withResolvers<undefined>()
  try {
    const facts = await kernel.holdChanges(info.id, () => switchOver(migration, { state, keepUntil: kept.promise }), { signal })
    const files = copied.files + facts.rest.files
    const result = resultOf(migration, { ...facts, ...facts.verified, losses: migration.survey.losses, copiedFiles: files, copiedBytes: copied.bytes + facts.rest.bytes })
    options.onSwitch?.(result)
    if (options.follow !== true) return result
    const { onProgress, onRetry } = options
    return await followOld(migration.pair, { record, signal, onProgress: (progress) => onProgress?.(progress), onRetry: (error) => onRetry?.(error) })
  } finally {
    kept.resolve(undefined)
  }
}

/** Nothing changes the mount meanwhile. What is remembered says so before anybody writes to the new storage: after a kill in between everybody is there. */
async function switchOver(migration: Prepared, { state, keepUntil }: { readonly state: State; readonly keepUntil: Promise<unknown> }): Promise<Switched> {
  const { world: { kernel, opening, remember }, info, options: { checksum = false }, target, signal } = migration
  const startedAt = performance.now()
  const pair = inPhase(migration, 'switching')
  const rest = await bringRest(pair)
  const verified = await verifySides(pair, { checksum, signal })
  signal.throwIfAborted()
  mountAt(migration.world, info.mountPoint)
  const isRemembered = (await remember?.(target.request, target.manifest)) ?? false
  state.isSwitched = true
  // Nobody waits for those who read from the old storage still.
  kernel.replace(info.id, target.entry, { keepUntil }).catch((error: unknown) => {
    opening.registry.environment.warn(`The storage that ${info.mountPoint} was migrated from did not close: ${String(error)}`)
  })
  return { rest, verified, isRemembered, isSwitched: true, heldMs: performance.now() - startedAt }
}

interface Switched extends Pick<MigrateResult, 'isSwitched' | 'isRemembered' | 'heldMs'> {
  readonly rest: Brought
  readonly verified: Verified
}

function inPhase({ pair, options }: Prepared, phase: MigrateProgress['phase']): SyncPair {
  const onProgress = ({ files, bytes }: SyncProgress): void => options.onProgress?.({ phase, files, bytes })
  return { ...pair, options: { ...pair.options, onProgress } }
}

const nothingDone = { isSwitched: false, isRemembered: false, files: 0, directories: 0, bytes: 0, copiedFiles: 0, copiedBytes: 0, heldMs: 0, losses: [] } as const

function resultOf({ info, target }: Omit<Migration, 'record'>, done: Partial<MigrateResult>): MigrateResult {
  const { isSwitched, isRemembered, files, directories, bytes, copiedFiles, copiedBytes, heldMs, losses } = { ...nothingDone, ...done }
  return { mountPoint: info.mountPoint, from: info.uri, to: target.uri, isSwitched, isRemembered, files, directories, bytes, copiedFiles, copiedBytes, heldMs, losses }
}
