import { type CallOptions, isNexusError, NexusError, type Path } from '@nexus/core/contract'
import { holdsDescriptor } from '../holds-repository.ts'
import type { ObjectStore } from '../object-store.ts'
import { toKey } from './keys.ts'
import { above } from './known-directories.ts'

/** What a repository has in its directory (docs/repository-format.md, section 1). A directory that shows none of it is never asked what it is. */
const part = /(?<=^|\/)(?:nexus\.json|journal|cas|packs|checkpoints|pins|quarantine)(?=\/|$)/
const eachPart = new RegExp(part, 'g')

/** Repositories inside a tree: closed directories, which no verb looks into. */
export interface NestedRepositories {
  /** Whether a repository lies in the directory with this prefix; one request, and none for a while after. The root of a mount is none. */
  readonly isAt: (prefix: string, options: CallOptions) => Promise<boolean>
  /** Looks for the repository that holds a key below `prefix`, where one of the key's names may be of a repository's part: without one, no request. Of many keys each directory is asked once. */
  readonly startSearch: (prefix: string, options: CallOptions) => Search
  /** An object was written, so that its directory was no repository; it may be what makes one of it. */
  readonly noteWrite: (key: string) => void
}

/** Gives the prefix of the repository that holds a key; nothing at once for most keys, which is what walks of many are quick by. */
export type Search = (key: string) => Promise<string | undefined> | undefined

const maxAnswers = 1000

/** @param freshnessMs How long an answer is believed, in milliseconds. */
export function createNestedRepositories(store: ObjectStore, { freshnessMs, now }: { readonly freshnessMs: number; readonly now: () => number }): NestedRepositories {
  const answers = new Map<string, { readonly isOne: boolean; readonly until: number }>()
  const isAt = async (prefix: string, { signal }: CallOptions): Promise<boolean> => {
    if (prefix === '') return false
    const answer = answers.get(prefix)
    if (answer !== undefined && answer.until > now()) return answer.isOne
    const isOne = await holdsReadableDescriptor(store, prefix, { signal })
    remember(prefix, isOne)
    return isOne
  }
  const remember = (prefix: string, isOne: boolean): void => {
    answers.delete(prefix)
    const [oldest] = answers.keys()
    if (answers.size >= maxAnswers && oldest !== undefined) answers.delete(oldest)
    answers.set(prefix, { isOne, until: now() + freshnessMs })
  }
  const startSearch = (prefix: string, { signal }: CallOptions): Search => {
    const ordinary = new Set<string>()
    const ask = async (key: string): Promise<string | undefined> => {
      for (const { index } of key.slice(prefix.length).matchAll(eachPart)) {
        const directory = key.slice(0, prefix.length + index)
        if (ordinary.has(directory)) continue
        if (await isAt(directory, { signal })) return directory
        ordinary.add(directory)
      }
      return undefined
    }
    return (key) => (part.test(key.slice(prefix.length)) ? ask(key) : undefined)
  }
  const noteWrite = (key: string): void => {
    if (key.endsWith('/nexus.json')) answers.delete(above(key))
    else remember(above(key), false)
  }
  return { isAt, startSearch, noteWrite }
}

/** Whether a name below a directory, with or without a `/` at its end, may be of a repository that lies there. */
export function isPartName(name: string): boolean {
  return part.test(name)
}

/** What is refused below a repository. @throws NexusError `unsupported` */
export async function refuseNested(nested: NestedRepositories, path: Path, options: CallOptions): Promise<void> {
  const prefix = await nested.startSearch('', options)(toKey(path))
  if (prefix !== undefined) throw insideRepository(prefix, path)
}

/** @param prefix Of the repository. @param path What was asked for. */
export function insideRepository(prefix: string, path: Path): NexusError {
  const name = prefix.slice(above(prefix).length, -1)
  const reason = `"${name}" is a Nexus repository of its own and is shown as one closed directory; mount it to use what is in it.`
  return new NexusError('unsupported', { path, reason })
}

/** What we may not read is none of ours. */
async function holdsReadableDescriptor(store: ObjectStore, prefix: string, options: CallOptions): Promise<boolean> {
  try {
    return await holdsDescriptor(store, prefix, options)
  } catch (error) {
    if (isNexusError(error, 'permission_denied')) return false
    throw error
  }
}
