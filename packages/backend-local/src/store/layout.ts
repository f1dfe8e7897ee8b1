import { join } from 'node:path'

/** Where everything stands below a repository's root (docs/repository-format.md). */
export interface Layout {
  readonly root: string
  readonly descriptor: string
  readonly journal: string
  readonly head: string
  readonly lock: string
  readonly holder: string
  readonly contents: string
  readonly tmp: string
  readonly quarantine: string
  readonly index: string
}

/** Directories that a repository consists of; they come with `nexus.json`. */
export const repositoryDirectories = ['journal', 'cas', 'packs', 'checkpoints', 'pins', 'tmp', 'quarantine'] as const

/** Names that other programs leave in an empty directory. */
const strangers = new Set(['.DS_Store', 'lost+found'])

/** @param root Absolute directory of this machine. */
export function layoutOf(root: string): Layout {
  return {
    root,
    descriptor: join(root, 'nexus.json'),
    journal: join(root, 'journal'),
    head: join(root, 'head'),
    lock: join(root, 'lock.db'),
    holder: join(root, 'lock.holder'),
    contents: join(root, 'cas'),
    tmp: join(root, 'tmp'),
    quarantine: join(root, 'quarantine'),
    index: join(root, 'index.db'),
  }
}

/** Name of a segment: 20 digits of its first commit's sequence. */
export function segmentName(first: number): string {
  return String(first).padStart(20, '0')
}

/** First sequence of the segment of that name; `undefined` for a file that is none. */
export function segmentFirst(name: string): number | undefined {
  if (!/^\d{20}$/.test(name)) return undefined
  const first = Number(name)
  return Number.isSafeInteger(first) && first > 0 ? first : undefined
}

/** Whether a name in the root says nothing about what the storage holds. */
export function isStranger(name: string): boolean {
  return strangers.has(name)
}
