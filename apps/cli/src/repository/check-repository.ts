import { fsck, type FsckReport } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { counted, formatBytes } from '../terminal/format.ts'
import type { FoundRepository } from './find-repository.ts'
import { refuseReadonly } from './refuse-readonly.ts'
import { withProgress } from './with-progress.ts'

/** What is checked, and whether it is put right. */
export interface CheckOptions {
  readonly readData?: boolean | undefined
  readonly repair?: boolean | undefined
}

/** Checks a repository, also one that is too damaged to be opened. @throws NexusError `read_only` for a repair of a read-only mount */
export async function checkRepository(cli: Cli, { storage, shown }: FoundRepository, { readData, repair }: CheckOptions): Promise<FsckReport> {
  const stores = await storage.openStores()
  if (repair === true) await refuseReadonly(stores, shown('/'))
  return await withProgress(cli, { label: 'Checking', through: stores }, (onProgress) => fsck(stores, { readData, repair, onProgress, signal: cli.signal }))
}

/** What was looked at, in one line. */
export function checkSummary({ commits, files, contents, bytes }: FsckReport): string {
  return `${counted(commits, 'commit')}, ${counted(files, 'file')}, ${counted(contents, 'content')} of ${formatBytes(bytes)}`
}
