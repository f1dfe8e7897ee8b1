import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backend } from '../contract/backend.ts'
import type { BackendDefinition, OpenContext } from '../contract/definition.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Environment } from './environment.ts'
import { type LoadedDefinition, loadDefinition, type RegistryOptions } from './load-definition.ts'
import type { BackendManifest } from './manifest.ts'
import { meantMountOption, type MountSettings, splitOptions } from './mount-options.ts'
import type { MountRequest } from './mount-source.ts'
import { openContext } from './open-context.ts'
import { isRecord } from './parse-manifest.ts'
import { stateDirectory } from './state-directory.ts'

/** A backend that stands ready to be put into the mount table. */
interface OpenedBackend {
  readonly backend: Backend
  readonly backendType: string
  readonly layout: 'cas' | 'path' | undefined
  readonly settings: MountSettings
  readonly manifest?: BackendManifest | undefined
}

/** A request with its definition and checked configuration; nothing is opened yet. */
export interface PreparedBackend {
  readonly settings: MountSettings
  readonly manifest?: BackendManifest | undefined
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
  return {
    settings: merged,
    manifest,
    open: (signal) => open({ definition, manifest, config, settings: merged }, registry.environment, signal),
  }
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

interface Openable {
  readonly definition: BackendDefinition
  readonly manifest: BackendManifest | undefined
  readonly config: unknown
  readonly settings: MountSettings
}

async function open(openable: Openable, environment: Environment, signal: AbortSignal | undefined): Promise<OpenedBackend> {
  const { definition, manifest, config, settings } = openable
  const context = openContext(environment, signal)
  const layout = await chooseLayout(openable, context)
  if (layout !== 'cas') checkPathSettings(openable)
  const backend = layout === 'cas' ? await openCas(openable, { environment, context }) : await definition.open(config, context)
  return { backend, backendType: definition.scheme, layout: layout ?? backend.capabilities.layout, settings, manifest }
}

/** What the mount says, else what the storage holds; an empty storage that may be written becomes a repository. */
async function chooseLayout({ definition, config, settings }: Openable, context: OpenContext): Promise<'cas' | 'path' | undefined> {
  if (settings.layout !== undefined) return settings.layout
  if (definition.detectLayout === undefined) return undefined
  const found = await definition.detectLayout(config, context)
  if (found !== 'empty') return found
  return definition.openStore === undefined || settings.readonly === true ? 'path' : 'cas'
}

/** A setting that nothing would honour is refused rather than ignored. */
function checkPathSettings({ definition: { scheme }, manifest, settings }: Openable): void {
  const honoured = manifest?.options === undefined || Object.hasOwn(manifest.options, 'durability')
  const idle = {
    verify: settings.verify !== undefined,
    digest: settings.digest !== undefined,
    writers: settings.writers !== undefined,
    durability: settings.durability !== undefined && !honoured,
  }
  const name = Object.entries(idle).find(([, isIdle]) => isIdle)?.[0]
  if (name === undefined) return
  const reason = `The option "${name}" means something for a repository only, and this ${scheme} mount has the layout path. Leave it out, or say layout=cas.`
  throw new NexusError('invalid_config', { op: 'mount', backend: scheme, reason })
}

async function openCas(
  { definition, config, settings }: Openable,
  { environment, context }: { readonly environment: Environment; readonly context: OpenContext },
): Promise<Backend> {
  if (definition.openStore === undefined) {
    throw new NexusError('unsupported', {
      op: 'mount',
      backend: definition.scheme,
      reason: `A ${definition.scheme} mount cannot hold a repository; leave layout=cas out.`,
    })
  }
  const { openRepository } = await import('../repository/open-repository.ts')
  const { journal, contents, indexPath } = await definition.openStore(config, context)
  const { durability, verify, readonly, digest } = settings
  return await openRepository({
    journal,
    contents,
    indexPath: indexPath ?? (await indexInState(journal.identity, environment)),
    durability,
    verify,
    readonly,
    digest,
    now: context.now,
    signal: context.signal,
  })
}

/** The index of storage that has no place for one: it is a cache, found again by what the storage is. */
async function indexInState(identity: string, environment: Environment): Promise<string> {
  const directory = join(stateDirectory(environment), 'index')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return join(directory, `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}.db`)
}
