import type { Path } from '../contract/paths.ts'
import { type MountSpec, parseUri } from '../contract/uri.ts'
import type { TierSource } from '../tiering/parse-tier-rule.ts'
import type { BackendManifest } from './manifest.ts'
import type { MountRequest, SourceContext, UriSource } from './mount-source.ts'
import { absoluteHostPath } from './parse-mount-source.ts'
import { isWritable } from './secrets.ts'

/** A mount as `mounts.json` keeps it: enough to mount it again from anywhere, and no secret. */
export interface RememberedMount {
  readonly mountPoint: Path
  /** Absolute, also for `local`. */
  readonly uri: string
  readonly name?: string | undefined
  readonly readonly?: boolean | undefined
  readonly priority?: number | undefined
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Rules that keep the paths of files in this mount although they lie elsewhere. */
  readonly tiers?: readonly TierSource[] | undefined
  /** Names of options that were not kept, because they are secrets or no plain data. */
  readonly withheld?: readonly string[] | undefined
}

/** The source that mounts a remembered mount again at its place. */
export function rememberedSource({ uri, mountPoint, name, readonly, priority, options }: RememberedMount): UriSource {
  return { uri, at: mountPoint, name, readonly, priority, options }
}

/**
 * What is kept of a mount. Backends given as objects, configurations without a URI and `memory` are not kept: nothing could mount them again.
 * @returns `undefined` for what is not kept.
 */
export function toRemembered(
  request: MountRequest,
  manifest: BackendManifest | undefined,
  context: SourceContext,
): RememberedMount | undefined {
  if (request.kind !== 'uri' || request.spec.scheme === 'memory') return undefined
  const { mountPoint, name, readonly, priority, spec } = request
  const anchored = Object.entries(request.options).map(([key, value]) => [key, anchorOption(key, value, { manifest, context })] as const)
  const kept = anchored.filter(([key, value]) => value !== undefined && manifest?.options?.[key]?.secret !== true && isWritable(key, value))
  const withheld = anchored.filter((entry) => entry[1] !== undefined && !kept.includes(entry)).map(([key]) => key)
  const uriOptions = Object.fromEntries(
    Object.entries(spec.options).map(([key, value]) => [key, String(anchorOption(key, value, { manifest, context }))]),
  )
  return {
    mountPoint,
    uri: writeUri({ ...spec, options: uriOptions }),
    ...(name === undefined ? {} : { name }),
    ...(readonly === undefined ? {} : { readonly }),
    ...(priority === undefined ? {} : { priority }),
    ...(kept.length === 0 ? {} : { options: Object.fromEntries(kept) }),
    ...(withheld.length === 0 ? {} : { withheld }),
  }
}

/** A file of credentials is named from where the program runs now, and the mount may be repeated elsewhere. */
function anchorOption(
  name: string,
  value: unknown,
  { manifest, context }: { readonly manifest: BackendManifest | undefined; readonly context: SourceContext },
): unknown {
  const isFile = manifest?.options?.[name]?.credentialFile === true && typeof value === 'string'
  return isFile ? absoluteHostPath(value, context) : value
}

/**
 * Names the storage of a mount, wherever and from whatever directory it is mounted: scheme and place, and the server where one is named. What is in this
 * process' memory has no name.
 */
export function storageName({ spec, options }: Pick<Extract<MountRequest, { kind: 'uri' }>, 'spec' | 'options'>): string | undefined {
  if (spec.scheme === 'memory') return undefined
  const endpoint = options['endpoint'] ?? spec.options['endpoint']
  return writeUri({ ...spec, options: typeof endpoint === 'string' ? { endpoint } : {} })
}

/** {@link storageName} of a mount as it is written down. @throws NexusError `invalid_config` for what is no URI */
export function storageLabel({ uri, options = {} }: Pick<RememberedMount, 'uri' | 'options'>): string | undefined {
  return storageName({ spec: parseUri(uri), options })
}

/** The inverse of `parseUri`, for a spec whose `local` path is absolute. */
function writeUri({ scheme, authority, path, options }: MountSpec): string {
  const place = [authority, path]
    .filter((part) => part !== '')
    .join('/')
    .replaceAll('\\', '/')
  const query = Object.entries(options)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
  return `${scheme}://${place.replace(/[%?#]/g, encodeURIComponent)}${query === '' ? '' : `?${query}`}`
}
