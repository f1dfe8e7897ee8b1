/** What was seen of a directory. */
export interface KnownDirectory {
  /** Prefixes of the directories in it. */
  readonly below: Set<string>
  /** Whether `below` names all of them. */
  readonly isComplete: boolean
}

/**
 * Directories that were looked at a short time ago, so that the next write into one of them is a single request. They only spare the question whether a
 * file would stand where a directory is: stats, reads and listings always ask the store.
 */
export interface KnownDirectories {
  readonly find: (prefix: string) => KnownDirectory | undefined
  readonly remember: (prefix: string, directory: KnownDirectory) => void
  /** A file was written below this prefix: it and those above it are directories now. */
  readonly enter: (prefix: string) => void
  readonly clear: () => void
}

const maxDirectories = 1000

/** @param freshnessMs How long something seen is believed, in milliseconds. */
export function createKnownDirectories({ freshnessMs, now }: { readonly freshnessMs: number; readonly now: () => number }): KnownDirectories {
  const seen = new Map<string, KnownDirectory & { readonly until: number }>()
  const find = (prefix: string): KnownDirectory | undefined => {
    const known = seen.get(prefix)
    if (known === undefined || known.until > now()) return known
    seen.delete(prefix)
    return undefined
  }
  const remember = (prefix: string, directory: KnownDirectory): void => {
    const [oldest] = seen.keys()
    if (seen.size >= maxDirectories && oldest !== undefined) seen.delete(oldest)
    seen.set(prefix, { ...directory, until: now() + freshnessMs })
  }
  const enter = (prefix: string): void => {
    for (let at = prefix; at !== ''; at = above(at)) seen.get(above(at))?.below.add(at)
  }
  return { find, remember, enter, clear: () => seen.clear() }
}

/** The prefix of the directory that holds this one: `a/b/` is in `a/`, `a/` and `/` in the empty one. */
export function above(prefix: string): string {
  // `lastIndexOf` would take a negative place for 0, and find the slash again.
  return prefix.length < 2 ? '' : prefix.slice(0, prefix.lastIndexOf('/', prefix.length - 2) + 1)
}
