import type { Backend } from '../contract/backend.ts'
import { CloudCredentialError, isNexusError, NexusError } from '../contract/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { unavailableBackend } from '../kernel/unavailable.ts'
import { abortable } from './abortable.ts'
import { cacheLayers, type CacheOptions } from './cache-layers.ts'
import type { RegistryOptions } from './load-definition.ts'
import type { BackendManifest } from './manifest.ts'
import type { MountSettings } from './mount-options.ts'
import type { MountRequest } from './mount-source.ts'
import type { Tiers } from '../tiering/tiers.ts'
import { storageName } from './remembered-mount.ts'
import { prepareBackend } from './prepare-backend.ts'

/** How mounts are opened. */
export interface OpenMountsOptions {
  readonly registry: RegistryOptions
  readonly skipUnavailable?: boolean | undefined
  readonly allowShadow?: boolean | undefined
  /** Rules by which files lie elsewhere; a mount that one concerns gets its layer. */
  readonly tiers?: Tiers | undefined
  /** Bounds of what is remembered of contents; `false` remembers nothing. */
  readonly cache?: CacheOptions | undefined
  readonly signal?: AbortSignal | undefined
}

/** Takes mounts out again, in reverse order, without closing backends that the caller opened: those stay in a table that is given up. */
export async function undoMounts(kernel: Kernel, mounts: readonly OpenedMount[]): Promise<void> {
  for (const { id, request } of mounts.toReversed()) {
    if (request.kind !== 'backend') await kernel.unmount(id)
  }
}

/** A mount that now stands in the table. */
export interface OpenedMount {
  readonly id: string
  readonly request: MountRequest
  readonly manifest: BackendManifest | undefined
}

/**
 * Opens backends, all at the same time, and puts them into the table in order. When one fails, what was opened here is closed again, in
 * reverse order, and the first failure is thrown; the table is then to be given up. Backends that the caller opened are left to the caller.
 */
export async function openMounts(
  kernel: Kernel,
  requests: readonly MountRequest[],
  options: OpenMountsOptions,
): Promise<readonly OpenedMount[]> {
  options.signal?.throwIfAborted()
  const results = await Promise.allSettled(requests.map((request) => openRequest(request, options)))
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failure = results.find((result) => result.status === 'rejected')
  try {
    if (failure !== undefined) throw failure.reason
    return await mountAll(kernel, opened, options)
  } catch (error) {
    throw await closeAfter(error, opened)
  }
}

interface Opened {
  readonly request: MountRequest
  readonly backend: Backend
  readonly backendType: string
  readonly layout?: 'cas' | 'path' | undefined
  readonly settings: MountSettings
  readonly manifest?: BackendManifest | undefined
}

async function mountAll(
  kernel: Kernel,
  opened: readonly Opened[],
  { registry: { environment }, allowShadow, tiers, cache, signal }: OpenMountsOptions,
): Promise<readonly OpenedMount[]> {
  const mounted: OpenedMount[] = []
  const places = [...kernel.mounts(), ...opened.map(({ request: { mountPoint }, settings: { priority } }) => ({ mountPoint, priority }))]
  for (const { request, backend, backendType, layout, settings, manifest } of opened) {
    signal?.throwIfAborted()
    const { mountPoint, name } = request
    const uri = request.kind === 'uri' ? request.spec.uri : undefined
    const { readonly, priority } = settings
    const storage = request.kind === 'uri' ? storageName(request) : undefined
    const label = storage ?? uri ?? mountPoint
    const caches = cacheLayers(cache, { environment, layout: layout ?? backend.capabilities.layout, freshnessMs: settings.freshnessMs, label })
    const layers = { tier: tiers?.layerFor({ mountPoint, priority }, places), ...caches }
    const id = await kernel.mount({ mountPoint, backend, uri, storage, backendType, name, priority, readonly, allowShadow, layout, layers })
    mounted.push({ id, request, manifest })
  }
  return mounted
}

async function openRequest(request: MountRequest, options: OpenMountsOptions): Promise<Opened> {
  const own = { readonly: request.readonly, priority: request.priority }
  if (request.kind === 'backend') return { request, backend: request.backend, backendType: request.backend.scheme, settings: own }
  try {
    return await openScheme(request, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const told = tellWithProvenance(error, request)
    if (options.skipUnavailable !== true || !isOfTheStorage(told)) throw told
    const scheme = request.kind === 'uri' ? request.spec.scheme : request.backendType
    return { request, backend: unavailableBackend(scheme, told), backendType: scheme, settings: own }
  }
}

async function openScheme(request: Exclude<MountRequest, { kind: 'backend' }>, { registry, signal }: OpenMountsOptions): Promise<Opened> {
  const prepared = await abortable(prepareBackend(request, registry), signal, () => Promise.resolve())
  const opened = await abortable(prepared.open(signal), signal, ({ backend }) => backend.close())
  return { request, ...opened }
}

/** Mistakes of who mounts are told at once, whatever `skipUnavailable` says. */
function isOfTheStorage(error: unknown): error is Error {
  return isNexusError(error) && !['invalid_config', 'invalid_path', 'invalid_argument', 'unexpected'].includes(error.code)
}

/** The failure with the mount it belongs to and, where it came from a file, file and line. */
function tellWithProvenance(error: unknown, { provenance, shown }: MountRequest): unknown {
  if (!isNexusError(error)) {
    const reason = `Opening failed in a way that the contract does not know: ${error instanceof Error ? error.message : String(error)}`
    return new NexusError('unexpected', { op: 'mount', path: shown, reason, cause: error })
  }
  const { code, path = shown, op = 'mount', backend, retryAfterMs, cause = error } = error
  const place = provenance === undefined ? '' : `${provenance.place}: `
  const hint = provenance?.hint === undefined ? '' : ` ${provenance.hint}`
  const details = { op, path, backend, retryAfterMs, cause, reason: place + error.reason + hint }
  return error instanceof CloudCredentialError ? new CloudCredentialError(error.looked, details) : new NexusError(code, details)
}

/** @returns The error to throw. */
async function closeAfter(error: unknown, opened: readonly Opened[]): Promise<unknown> {
  const failures: unknown[] = []
  for (const { request, backend } of opened.toReversed()) {
    if (request.kind !== 'backend') await backend.close().catch((failure: unknown) => failures.push(failure))
  }
  if (failures.length === 0 || !isNexusError(error)) return error
  const { code, op, path, backend, reason } = error
  return new NexusError(code, {
    op,
    path,
    backend,
    reason: `${reason} Closing what was open already failed too.`,
    cause: new AggregateError([error, ...failures]),
  })
}
