import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { MountInfo } from '../kernel/mount-info.ts'
import type { ReplacingEntry } from '../kernel/mount-set.ts'
import { abortable } from '../mounting/abortable.ts'
import { cacheLayers } from '../mounting/cache-layers.ts'
import { checkedFor } from '../mounting/config-problem.ts'
import type { BackendManifest } from '../mounting/manifest.ts'
import type { OpenMountsOptions } from '../mounting/open-mounts.ts'
import { parseMountSource } from '../mounting/parse-mount-source.ts'
import { prepareBackend, type SchemeRequest } from '../mounting/prepare-backend.ts'
import { storageName } from '../mounting/remembered-mount.ts'

/** What mounts are opened with. */
export interface MigrationWorld {
  readonly kernel: Kernel
  readonly opening: Pick<OpenMountsOptions, 'registry' | 'tiers' | 'cache'>
  /** Makes `mounts.json` say where the mount leads now; absent where nothing is remembered. @returns Whether it knew the mount */
  readonly remember?: ((request: SchemeRequest, manifest: BackendManifest | undefined) => Promise<boolean>) | undefined
}

/** The storage that a mount is to lead to. */
export interface MigrationTarget {
  readonly request: SchemeRequest
  readonly manifest: BackendManifest | undefined
  readonly uri: string
  readonly storage: string | undefined
  /** With what this machine remembers of it: what is copied passes here, too, so that nothing older is remembered. The one to close. */
  readonly cached: Backend
  /** For the mount table. */
  readonly entry: ReplacingEntry
}

interface Wanted {
  readonly info: MountInfo
  readonly uri: string
  readonly options: object | undefined
  readonly signal: AbortSignal
}

/** Opens the storage as mounting it in the place of the mount would. @throws NexusError as `mount()` does; `invalid_argument` for one that cannot be written */
export async function openTarget({ kernel, opening }: MigrationWorld, { info, uri, options, signal }: Wanted): Promise<MigrationTarget> {
  const { registry, tiers, cache } = opening
  const { environment } = registry
  const { mountPoint, name, priority } = info
  const context = { directory: environment.workingDirectory, homeDirectory: environment.homeDirectory }
  const request = checkedFor('migrate', () => parseMountSource({ uri, at: mountPoint, name, options, ...(priority === 0 ? {} : { priority }) }, context))
  if (request.kind !== 'uri') throw new NexusError('invalid_argument', { op: 'migrate', path: mountPoint, reason: 'A mount is migrated to a URI.' })
  const prepared = await abortable(prepareBackend(request, registry), signal, () => Promise.resolve())
  const { backend, backendType, layout, settings, manifest } = await abortable(prepared.open(signal), signal, (late) => late.backend.close())
  const storage = storageName(request)
  const shown = request.spec.uri
  const caches = cacheLayers(cache, { environment, layout: layout ?? backend.capabilities.layout, freshnessMs: settings.freshnessMs, label: storage ?? shown })
  const cached = caches.cache?.(backend) ?? backend
  const layers = { tier: tiers?.layerFor({ mountPoint, priority }, kernel.mounts()), cache: () => cached }
  return { request, manifest, uri: shown, storage, cached, entry: { backend, uri: shown, storage, backendType, layout, layers } }
}

/** @throws NexusError `invalid_argument`, `unsupported` for storage that no mount can be migrated to */
export function refuseTarget({ cached: { capabilities }, uri, storage, request }: MigrationTarget, info: MountInfo): void {
  const refuse = (code: 'invalid_argument' | 'unsupported', reason: string): never => {
    throw new NexusError(code, { op: 'migrate', path: info.mountPoint, reason })
  }
  if (capabilities.readonly || request.readonly === true) refuse('invalid_argument', `${uri} cannot be written. ${capabilities.readonlyReason ?? ''}`.trim())
  if (capabilities.fidelity === 'rendered') refuse('unsupported', `In ${uri} documents read back differently from what was written; copy what you need there.`)
  if (storage !== undefined && storage === info.storage) refuse('invalid_argument', `The mount leads to ${uri} already.`)
}
