import type { Entry, ListOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { checkCount } from '../contract/check-arguments.ts'
import { holdsEscaped } from '../contract/escaped-names.ts'
import { compareUtf8, joinPath, type Path, relativePath } from '../contract/paths.ts'
import { type Tier, toldHot } from './tier.ts'
import { stat } from './tiered-read.ts'

/** An entry and what it is ordered by: its path below the listed directory, a directory's with `/` at its end. */
interface Keyed {
  readonly key: string
  readonly entry: Entry
}

/** One side of a merge, a step ahead; `undefined` where it has ended. */
interface Side {
  next: Keyed | undefined
  advance(): Promise<void>
  close(): Promise<void>
}

/**
 * Lists both storages as one, in order; of two entries of one name the first storage's is shown. What has a name that is shown escaped comes last, because
 * the storages may list it in places of their own: it is held in memory, and looked for from the beginning again by a listing that is resumed.
 */
export async function* listBoth(tier: Tier, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  const { limit = Infinity } = options
  if (limit !== Infinity) checkCount(limit, 'limit', { op: 'list', path })
  let count = 0
  for await (const entry of listRest(tier, path, { ...options, startAfter: await resumeKey(tier, path, options) })) {
    if (count < limit) yield entry
    if (++count >= limit) return
  }
}

async function* listRest(tier: Tier, path: Path, options: ListOptions & { readonly startAfter: string }): AsyncGenerator<Entry> {
  const { startAfter } = options
  // A page of either storage may hold nothing but names that come last.
  const whole: ListOptions = { ...options, startAfter: undefined, limit: undefined }
  const escaped: Escaped = new Map()
  if (startAfter === '') yield* mergeOthers(tier, path, { options: whole, escaped })
  else if (!holdsEscaped(startAfter)) yield* mergeOthers(tier, path, { options: { ...whole, startAfter }, escaped: new Map() })
  if (startAfter !== '') for await (const _ of mergeOthers(tier, path, { options: whole, escaped }));
  for (const [key, entry] of [...escaped].sort(([left], [right]) => compareUtf8(left, right))) {
    if (!holdsEscaped(startAfter) || compareUtf8(key, startAfter) > 0) yield entry
  }
}

/** What is shown escaped, by key. */
type Escaped = Map<string, Entry>

interface Merging {
  readonly options: ListOptions
  /** Gets what is shown escaped. */
  readonly escaped: Escaped
}

async function* mergeOthers(tier: Tier, path: Path, merging: Merging): AsyncGenerator<Entry> {
  const sides = await openSides(tier, path, merging)
  try {
    for (let next = takeFirst(sides); next !== undefined; next = takeFirst(sides)) {
      const { key, entry } = next
      if (compareUtf8(key, merging.options.startAfter ?? '') > 0) yield entry
      for (const side of sides) if (side.next?.key === key) await side.advance()
    }
  } finally {
    for (const side of sides) await side.close()
  }
}

/** @throws NexusError as listing the first storage does, when neither has the directory */
async function openSides(tier: Tier, path: Path, { options, escaped }: Merging): Promise<Side[]> {
  const hot = openSide(path, mapped(tier, tier.hot.list(path, options)), ({ key, entry }) => escaped.set(key, entry))
  const cold = openSide(path, tier.cold.list(path, options), ({ key, entry }) => escaped.has(key) || escaped.set(key, entry))
  const [hotBegin, coldBegin] = await Promise.allSettled([hot.advance(), cold.advance()])
  const sides = [...(hotBegin.status === 'fulfilled' ? [hot] : []), ...(coldBegin.status === 'fulfilled' ? [cold] : [])]
  const failure = failureOf(hotBegin, coldBegin)
  if (failure === undefined) return sides
  for (const side of sides) await side.close()
  throw failure.reason
}

/** What is absent in one storage may lie in the other; a file in the first one hides whatever the other has there. */
function failureOf(hot: PromiseSettledResult<void>, cold: PromiseSettledResult<void>): { readonly reason: unknown } | undefined {
  if (hot.status === 'rejected' && !isNexusError(hot.reason, 'not_found')) return hot
  if (cold.status !== 'rejected') return undefined
  const isFileThere = isNexusError(cold.reason, 'not_directory')
  if (hot.status === 'fulfilled') return isFileThere || isNexusError(cold.reason, 'not_found') ? undefined : cold
  return isNexusError(cold.reason, 'not_found') ? hot : cold
}

async function* mapped(tier: Tier, entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  for await (const entry of entries) yield toldHot(tier, entry)
}

function openSide(listed: Path, entries: AsyncIterable<Entry>, onEscaped: (item: Keyed) => void): Side {
  const iterator = entries[Symbol.asyncIterator]()
  const side: Side = {
    next: undefined,
    advance: async () => {
      for (;;) {
        const step = await iterator.next()
        side.next = step.done === true ? undefined : { key: keyOf(listed, step.value), entry: step.value }
        if (side.next === undefined || !holdsEscaped(side.next.key)) return
        onEscaped(side.next)
      }
    },
    close: async () => {
      await iterator.return?.()
    },
  }
  return side
}

function takeFirst([one, other]: readonly Side[]): Keyed | undefined {
  if (one?.next === undefined || other?.next === undefined) return one?.next ?? other?.next
  return compareUtf8(other.next.key, one.next.key) < 0 ? other.next : one.next
}

/** A directory may be named without its slash, and only one of the storages may know that it is one. */
async function resumeKey(tier: Tier, path: Path, { startAfter = '', signal }: ListOptions): Promise<string> {
  if (startAfter === '' || startAfter.endsWith('/')) return startAfter
  try {
    return (await stat(tier, joinPath(path, startAfter), { signal })).kind === 'directory' ? `${startAfter}/` : startAfter
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory') || isNexusError(error, 'invalid_path')) return startAfter
    throw error
  }
}

function keyOf(listed: Path, { path, kind }: Entry): string {
  const relative = relativePath(path, listed).slice(1)
  return kind === 'directory' ? `${relative}/` : relative
}
