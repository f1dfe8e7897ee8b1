import type { RepositoryOptions } from '@nexus/core'
import { isNexusError } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'

/** What core tells of long work on a repository. */
export type OnProgress = (progress: { readonly contents: number; readonly bytes: number }) => void

/** Whose bytes are gone through. */
type Stores = Pick<RepositoryOptions, 'contents'> & Partial<Pick<RepositoryOptions, 'journal'>>

interface Work {
  readonly label: string
  /** Storage that is gone through as a whole, so that the time left can be told; absent where only a part of it is. */
  readonly through?: Stores | undefined
}

/** Runs long work under a progress line, which is taken away at the end. */
export async function withProgress<T>(cli: Cli, { label, through }: Work, run: (onProgress: OnProgress) => Promise<T>): Promise<T> {
  const progress = cli.progress(label, 'content')
  const totalBytes = progress.isShown && through !== undefined ? await storedBytes(through, cli.signal) : undefined
  try {
    return await run(({ contents, bytes }) => progress.update({ files: contents, bytes, totalBytes }))
  } finally {
    progress.end()
  }
}

/** About what the contents take: the journal holds the small ones. `undefined` where the storage does not tell; the work itself then meets the reason. */
async function storedBytes({ journal, contents }: Stores, signal: AbortSignal): Promise<number | undefined> {
  let total = 0
  try {
    for (const { sizeBytes } of (await journal?.segments({ signal })) ?? []) total += sizeBytes
    for (const prefix of ['cas/', 'packs/']) for await (const { sizeBytes } of contents.list(prefix, { signal })) total += sizeBytes
    return total
  } catch (error) {
    if (!isNexusError(error)) throw error
    return undefined
  }
}
