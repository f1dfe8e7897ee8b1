import type { Backend } from '../contract/backend.ts'
import type { OpenContext } from '../contract/definition.ts'
import { NexusError } from '../contract/errors.ts'
import type { Environment } from './environment.ts'
import type { BackendManifest } from './manifest.ts'
import type { MountSettings } from './mount-options.ts'
import { openContext } from './open-context.ts'
import { type Openable, openStores, type OpenWorld } from './storage-stores.ts'

/** A backend that stands ready to be put into the mount table. */
export interface OpenedBackend {
  readonly backend: Backend
  readonly backendType: string
  readonly layout: 'cas' | 'path' | undefined
  readonly settings: MountSettings
  readonly manifest?: BackendManifest | undefined
}

/**
 * Opens the storage in the layout that the mount says, else in the one that it holds; an empty storage that may be written becomes a
 * repository at its first write.
 * @throws NexusError `unsupported` (layout), `invalid_config` (an option that means nothing in the layout), and what opening fails with
 */
export async function openStorage(openable: Openable, environment: Environment, signal: AbortSignal | undefined): Promise<OpenedBackend> {
  const { definition, manifest, config, settings } = openable
  const context = openContext(environment, { signal, writers: settings.writers })
  const layout = await chooseLayout(openable, context)
  if (layout !== 'cas') checkPathSettings(openable)
  const backend = layout === 'cas' ? await openCas(openable, { environment, context }) : await definition.open(config, context)
  return { backend, backendType: definition.scheme, layout: layout ?? backend.capabilities.layout, settings, manifest }
}

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

async function openCas(openable: Openable, world: OpenWorld): Promise<Backend> {
  const { openRepository } = await import('../repository/open-repository.ts')
  return await openRepository(await openStores(openable, world))
}
