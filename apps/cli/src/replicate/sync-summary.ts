import type { SyncResult } from '@nexus/core'
import { NexusError } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { errorReport, errorText } from '../report-error.ts'
import { counted, formatBytes, formatDuration } from '../terminal/format.ts'

interface Printing {
  readonly tookMs: number
  readonly shown: (path: string) => string
  readonly dryRun: boolean
}

const maxTold = 20

/** Says what a sync did: failures one by one on standard error, the sums on standard output. A dry run has told its actions, which for programs is all. */
export async function printSyncResult({ out, err, json }: Cli, result: SyncResult, { tookMs, shown, dryRun }: Printing): Promise<void> {
  const { failures, ...counts } = result
  // The first one is what the command fails with, and is told at its end.
  for (const { path, code, reason } of failures.slice(1, maxTold)) {
    const error = new NexusError(code, { op: 'sync', path, reason })
    await err.line(json ? JSON.stringify(errorReport(error, { shown })) : errorText(error, { output: err, shown }))
  }
  if (!json) await out.line(dryRun ? wouldLine(counts) : didLine(counts, tookMs))
  else if (!dryRun) await out.line(JSON.stringify({ ...counts, tookMs: Math.round(tookMs) }))
}

type Counts = Omit<SyncResult, 'failures'>

/** `Copied 3 files, 1.2 MiB in 850 ms; deleted 2; 1,204 files unchanged.` */
function didLine(counts: Counts, tookMs: number): string {
  const { files, bytes, updated, directories, deleted } = counts
  const parts = [
    files === 0 ? 'Nothing to copy' : `Copied ${counted(files, 'file')}, ${formatBytes(bytes)} in ${formatDuration(tookMs)}`,
    directories === 0 ? '' : `made ${counted(directories, 'directory', 'directories')}`,
    updated === 0 ? '' : `updated metadata of ${counted(updated, 'file')}`,
    deleted === 0 ? '' : `deleted ${deleted}`,
    ...restOf(counts),
  ]
  return `${parts.filter((part) => part !== '').join('; ')}.`
}

function wouldLine(counts: Counts): string {
  const { files, updated, directories, deleted } = counts
  const work = [
    files === 0 ? '' : `copy ${counted(files, 'file')}`,
    directories === 0 ? '' : `make ${counted(directories, 'directory', 'directories')}`,
    updated === 0 ? '' : `update metadata of ${counted(updated, 'file')}`,
    deleted === 0 ? '' : `delete ${deleted}`,
  ].filter((part) => part !== '')
  const rest = restOf(counts).filter((part) => part !== '')
  return `${[work.length === 0 ? 'There is nothing to do' : `Would ${work.join(', ')}; nothing was changed`, ...rest].join('; ')}.`
}

function restOf({ unchanged, links, failed }: Counts): string[] {
  return [
    unchanged === 0 ? '' : `${counted(unchanged, 'file')} unchanged`,
    links === 0 ? '' : `skipped ${counted(links, 'link')}`,
    failed === 0 ? '' : `${counted(failed, 'file')} failed`,
  ]
}
