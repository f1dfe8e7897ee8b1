import type { FileContent, FileStat, PresignOptions, ReadOptions, StatOptions, Usage } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { isWithin, type Path } from '../contract/paths.ts'
import { wrapContent } from '../layers/wrap-content.ts'
import { fromTierEtag } from './etags.ts'
import { find } from './find.ts'
import { refuse, type Tier, toldHot } from './tier.ts'
import { listBoth } from './tiered-list.ts'

/** The first storage answers; what it does not have is looked for in the other one. */
export function stat(tier: Tier, path: Path, options: StatOptions | undefined): Promise<FileStat> {
  return firstFound(
    async () => toldHot(tier, await tier.hot.stat(path, options)),
    () => tier.cold.stat(path, options),
  )
}

/** As {@link stat}, for a body; an etag says which storage it is about. */
export async function read(tier: Tier, path: Path, options: ReadOptions = {}): Promise<FileContent> {
  const { ifMatch } = options
  const readHot = async (given: ReadOptions): Promise<FileContent> => hotBody(tier, await tier.hot.read(path, given))
  if (ifMatch === undefined || !isWithin(path, tier.within)) return firstFound(() => readHot(options), () => tier.cold.read(path, options))
  const own = fromTierEtag('hot', ifMatch)
  if (own !== undefined) return firstFound(() => readHot({ ...options, ifMatch: own }), () => refuseOther(tier, path, options))
  if ((await find(tier.hot, path, { signal: options.signal })) !== undefined) return refuse('precondition_failed', { op: 'read', path })
  return tier.cold.read(path, options)
}

/** A URL for what answers there; a file is put where new files go. */
export async function presign(tier: Tier, path: Path, options: PresignOptions): Promise<URL> {
  const { hot, cold } = tier
  const isCold = options.method === 'GET' && (await find(hot, path, { signal: options.signal })) === undefined
  if (isCold) return cold.presign(path, options)
  return hot.presign === undefined ? refuse('unsupported', { op: 'presign', path }) : hot.presign(path, options)
}

/** Counts what a listing shows: a file that lies in both storages for a moment is one file. */
export async function usage(tier: Tier, path: Path, options: StatOptions | undefined): Promise<Usage> {
  const root = await stat(tier, path, { signal: options?.signal })
  if (root.kind === 'file') return { files: 1, directories: 0, logicalBytes: root.sizeBytes ?? 0 }
  let [files, directories, logicalBytes] = [0, 0, 0]
  for await (const entry of listBoth(tier, path, { recursive: true, signal: options?.signal })) {
    if (entry.kind === 'directory') directories++
    else {
      files++
      logicalBytes += entry.sizeBytes ?? (await stat(tier, entry.path, { signal: options?.signal })).sizeBytes ?? 0
    }
  }
  return { files, directories, logicalBytes }
}

/** A file that goes back while it is looked for was missed on both sides: the first one then has it. */
async function firstFound<T>(hot: () => Promise<T>, cold: () => Promise<T>): Promise<T> {
  for (const next of [hot, cold]) {
    try {
      return await next()
    } catch (error) {
      if (!isNexusError(error, 'not_found')) throw error
    }
  }
  return hot()
}

async function refuseOther(tier: Tier, path: Path, options: ReadOptions): Promise<never> {
  await tier.cold.stat(path, { signal: options.signal })
  throw new NexusError('precondition_failed', { op: 'read', path })
}

function hotBody(tier: Tier, content: FileContent): FileContent {
  return wrapContent(content, { stat: toldHot(tier, content.stat), onError: (error) => error, onEnd: () => undefined })
}
