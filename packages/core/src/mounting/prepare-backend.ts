import type { BackendDefinition } from '../contract/definition.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type LoadedDefinition, loadDefinition, type RegistryOptions } from './load-definition.ts'
import type { BackendManifest } from './manifest.ts'
import { meantMountOption, type MountSettings, splitOptions } from './mount-options.ts'
import type { MountRequest } from './mount-source.ts'
import { type OpenedBackend, openStorage } from './open-storage.ts'
import { isRecord } from './parse-manifest.ts'
import type { Openable } from './storage-stores.ts'

/** A request with its definition and checked configuration; nothing is opened yet. */
export interface PreparedBackend {
  readonly settings: MountSettings
  readonly manifest?: BackendManifest | undefined
  readonly openable: Openable
  readonly open: (signal: AbortSignal | undefined) => Promise<OpenedBackend>
}

/** A request that names its backend by scheme. */
export type SchemeRequest = Exclude<MountRequest, { readonly kind: 'backend' }>

/**
 * Imports the definition and checks the configuration.
 * @throws NexusError as {@link loadDefinition} does; `invalid_config` for options
 */
export async function prepareBackend(request: SchemeRequest, registry: RegistryOptions): Promise<PreparedBackend> {
  const scheme = request.kind === 'uri' ? request.spec.scheme : request.backendType
  const loaded = await loadDefinition(scheme, registry)
  const { definition, manifest } = loaded
  if (request.provenance?.isUntrusted === true) refuseCredentialFiles(request, manifest)
  const { settings, input } = configInput(request, loaded)
  const config = parseConfig(definition, input)
  const merged = { ...settings, readonly: request.readonly ?? settings.readonly, priority: request.priority ?? settings.priority }
  const openable = { definition, manifest, config, settings: merged }
  return { settings: merged, manifest, openable, open: (signal) => openStorage(openable, registry.environment, signal) }
}

const credentialFileName = /(?:credentials?|key|token|certificate|identity|secrets?)_?(?:path|file|filename)$/i

/** A file that somebody left in the working directory must not decide which of the user's files are read and sent away as credentials. */
function refuseCredentialFiles(request: SchemeRequest, manifest: BackendManifest | undefined): void {
  const names = [...Object.keys(request.options), ...(request.kind === 'uri' ? Object.keys(request.spec.options) : [])]
  const name = names.find((option) => credentialFileName.test(option) || manifest?.options?.[option]?.credentialFile === true)
  if (name === undefined) return
  const reason = `The option "${name}" names a file of credentials, which a nexus.yaml that was merely found may not. Trust it by name: connect({ configFile: './nexus.yaml' }).`
  throw new NexusError('invalid_config', { op: 'mount', path: request.shown, reason })
}

/** URI, then object options, as one unchecked configuration. */
function configInput(
  request: SchemeRequest,
  { definition, manifest }: LoadedDefinition,
): { readonly settings: MountSettings; readonly input: unknown } {
  const written = { uriOptions: request.kind === 'uri' ? request.spec.options : {}, objectOptions: request.options, shown: request.shown }
  const { settings, uriOptions, objectOptions } = splitOptions(written, manifest)
  if (request.kind === 'config') return { settings, input: objectOptions }
  const fromUri = definition.fromUri({ ...request.spec, options: uriOptions })
  return { settings, input: isRecord(fromUri) ? { ...fromUri, ...objectOptions } : fromUri }
}

function parseConfig(definition: BackendDefinition, input: unknown): unknown {
  try {
    return definition.parseConfig(input)
  } catch (error) {
    if (!isNexusError(error, 'invalid_config') || !isRecord(input)) throw error
    const hint = /did you mean/i.test(error.reason) ? '' : meantMountOption(Object.keys(input))
    throw new NexusError(error.code, {
      op: 'mount',
      path: error.path,
      backend: definition.scheme,
      reason: error.reason + hint,
      cause: error.cause,
    })
  }
}
