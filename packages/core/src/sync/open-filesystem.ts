import type { BackendDefinition } from '../contract/definition.ts'
import type { SlimNexusFS } from '../facade/slim-nexus-fs.ts'
import type { ConnectConfig } from '../mounting/connect.ts'
import type { MountArguments } from '../mounting/mount-arguments.ts'
import { moduleUrl } from './module-url.ts'
import type { SyncConnectOptions, SyncMountOptions } from './mount-sync.ts'

/** What the main thread asks for first. */
export type OpenRequest =
  | { readonly kind: 'mount'; readonly sources: readonly unknown[]; readonly options: SyncMountOptions }
  | { readonly kind: 'connect'; readonly config: ConnectConfig | undefined; readonly options: SyncConnectOptions }

/** Mounts or connects on this thread; nothing of that is loaded before. */
export async function openFilesystem({ options, ...request }: OpenRequest, signal: AbortSignal | undefined): Promise<SlimNexusFS> {
  const { backends, timeoutMs: _, ...rest } = options
  const given = { ...rest, ...(backends === undefined ? {} : { backends: importers(backends, rest.resolveFrom) }), signal }
  if (request.kind === 'connect') {
    const { connect } = await import('../mounting/connect.ts')
    return await connect(request.config, given)
  }
  const { mount } = await import('../mounting/mount.ts')
  // They come from another thread as they were written there: mount() checks what they are.
  const args: readonly unknown[] = [...request.sources, given]
  return await mount(...(args as MountArguments))
}

type Importer = () => Promise<{ default: BackendDefinition }>

function importers(specifiers: Readonly<Record<string, string>>, resolveFrom: string | undefined): Record<string, Importer> {
  const importer = (specifier: string): Importer => async () => (await import(moduleUrl(specifier, resolveFrom))) as { default: BackendDefinition }
  return Object.fromEntries(Object.entries(specifiers).map(([scheme, specifier]) => [scheme, importer(specifier)]))
}
