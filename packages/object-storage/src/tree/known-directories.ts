/** What was seen of a directory. */
export interface KnownDirectory {
  /** Prefixes of the directories in it. */
  readonly below: ReadonlySet<string>
  /** Keys of the files in it. */
  readonly files: ReadonlySet<string>
  /** Whether they are all; only then is a name that is missing a name that is free. */
  readonly isComplete: boolean
}

/**
 * Directories that were looked at a short time ago, so that the next write into one of them, or into a new directory in it, is a single request. They only
 * spare the question whether a file would stand where a directory is: stats, reads and listings always ask the store.
 */
export interface KnownDirectories {
  /** What is known of a directory; as of an empty one where the one above it is known and has nothing of this name. */
  readonly find: (prefix: string) => KnownDirectory | undefined
  /** Remembers what a look finds, with what is written here while it looks. */
  readonly look: (prefix: string, look: () => Promise<KnownDirectory | undefined>) => Promise<KnownDirectory | undefined>
  /** The directory with this prefix was made, or a file in it: it and those above it are directories now, and the file is none. */
  readonly enter: (prefix: string, file?: string) => void
  readonly clear: () => void
}

const maxDirectories = 1000
/** Of all directories together: some 10 MB. */
const maxNames = 100_000

interface Seen extends KnownDirectory {
  readonly below: Set<string>
  readonly files: Set<string>
  readonly until: number
}

/** A look that has not ended. */
interface UnderWay {
  readonly entered: Parameters<KnownDirectories['enter']>[]
  isCleared: boolean
}

/** @param freshnessMs How long something seen is believed, in milliseconds. */
export function createKnownDirectories({ freshnessMs, now }: { readonly freshnessMs: number; readonly now: () => number }): KnownDirectories {
  const seen = new Map<string, Seen>()
  const looks = new Set<UnderWay>()
  let names = 0

  const forget = (prefix: string): void => {
    const known = seen.get(prefix)
    if (known === undefined) return
    names -= known.below.size + known.files.size
    seen.delete(prefix)
  }
  const remember = (prefix: string, { below, files, isComplete }: KnownDirectory, until: number): void => {
    forget(prefix)
    // Of some of the names nothing follows.
    const known: Seen = { below: new Set(isComplete ? below : []), files: new Set(isComplete ? files : []), isComplete, until }
    seen.set(prefix, known)
    names += known.below.size + known.files.size
    forgetOldest()
  }
  const forgetOldest = (): void => {
    for (const oldest of seen.keys()) {
      if (seen.size <= maxDirectories && names <= maxNames) break
      forget(oldest)
    }
  }
  const add = (to: Set<string>, name: string): void => {
    if (to.has(name)) return
    to.add(name)
    names++
    forgetOldest()
  }
  const record: KnownDirectories['enter'] = (prefix, file) => {
    for (let end = prefix.indexOf('/'); end !== -1; end = prefix.indexOf('/', end + 1)) recordDirectory(prefix.slice(0, end + 1))
    if (file !== undefined) recordFile(prefix, file)
  }
  const recordFile = (prefix: string, file: string): void => {
    // What is a file now is no directory any more, and nothing lies below it.
    for (const directory of seen.keys()) if (directory.startsWith(`${file}/`)) forget(directory)
    const known = seen.get(prefix)
    if (known?.isComplete === true) add(known.files, file)
  }
  const recordDirectory = (prefix: string): void => {
    const outer = seen.get(above(prefix))
    if (outer?.isComplete !== true) return
    const isNew = !outer.below.has(prefix) && !seen.has(prefix)
    add(outer.below, prefix)
    // What was not there before holds nothing but what comes now.
    if (isNew) remember(prefix, nothing, outer.until)
  }
  const find = (prefix: string): KnownDirectory | undefined => {
    const known = seen.get(prefix)
    if (known !== undefined && known.until > now()) return known
    forget(prefix)
    if (prefix === '') return undefined
    const outer = find(above(prefix))
    return outer?.isComplete === true && !outer.below.has(prefix) && !outer.files.has(prefix.slice(0, -1)) ? nothing : undefined
  }
  return {
    find,
    look: async (prefix, look) => {
      const until = now() + freshnessMs
      const underWay: UnderWay = { entered: [], isCleared: false }
      looks.add(underWay)
      try {
        const found = await look()
        if (found === undefined || underWay.isCleared) return found
        remember(prefix, found, until)
        for (const made of underWay.entered) record(...made)
        return seen.get(prefix) ?? found
      } finally {
        looks.delete(underWay)
      }
    },
    enter: (prefix, file) => {
      for (const { entered } of looks) entered.push([prefix, file])
      record(prefix, file)
    },
    clear: () => {
      for (const underWay of looks) underWay.isCleared = true
      seen.clear()
      names = 0
    },
  }
}

/** A directory that holds nothing, or is not there. */
export const nothing: KnownDirectory = { below: new Set(), files: new Set(), isComplete: true }

/** The prefix of the directory that holds this one: `a/b/` is in `a/`, `a/` and `/` in the empty one. */
export function above(prefix: string): string {
  // `lastIndexOf` would take a negative place for 0, and find the slash again.
  return prefix.length < 2 ? '' : prefix.slice(0, prefix.lastIndexOf('/', prefix.length - 2) + 1)
}
