import { contentCache } from '../caching/content-cache.ts'
import { metadataCache } from '../caching/metadata-cache.ts'
import type { MountLayers } from '../layers/order-layers.ts'
import { ConfigProblem } from './config-problem.ts'
import type { Environment } from './environment.ts'
import { readFields } from './read-fields.ts'
import { stateDirectory } from './state-directory.ts'

/** What mounts remember on this machine; `false`: nothing. */
export type CacheOptions = false | CacheBounds

/** Bounds of remembered contents, in bytes; 0 keeps none there. */
export interface CacheBounds {
  /** On disk, in the state directory. Default 1 GiB. */
  readonly contentBytes?: number | undefined
  /** In memory, over all mounts of the process. Default 64 MiB. */
  readonly memoryBytes?: number | undefined
}

interface CachedMount {
  readonly environment: Environment
  readonly layout: 'cas' | 'path' | undefined
  /** How old stats and listings of a `path` mount may be, in milliseconds; default 60,000. */
  readonly freshnessMs: number | undefined
  /** What a person calls the storage. */
  readonly label: string
}

/** The caches of a mount; they do nothing where the backend names no storage to remember. A repository has an index already, and only its contents are far away. */
export function cacheLayers(options: CacheOptions | undefined, { environment, layout, freshnessMs, label }: CachedMount): MountLayers {
  if (options === false) return {}
  const { now } = environment
  const directory = stateDirectory(environment)
  const contents = contentCache({ directory, label, now, ...(options ?? {}) })
  if (layout === 'cas') return { cache: contents }
  const metadata = metadataCache({ directory, label, now, freshnessMs })
  return { cache: (inner) => contents(metadata(inner)) }
}

/** Reads the `cache` of options or of a `nexus.yaml`. @throws ConfigProblem naming the key */
export function parseCacheOptions(input: unknown): CacheOptions | undefined {
  if (input === undefined || input === false) return input
  if (input === true) return {}
  const fields = readFields(input, ['contentBytes', 'memoryBytes'], { keys: ['cache'], what: 'The cache' })
  const bounds = { contentBytes: fields.integer('contentBytes'), memoryBytes: fields.integer('memoryBytes') }
  for (const [name, value] of Object.entries(bounds)) if (value !== undefined && value < 0) throw new ConfigProblem(['cache', name], `"${name}" of the cache is a number of bytes from 0 on.`)
  return bounds
}
