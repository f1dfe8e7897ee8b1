import type { Cli } from '../cli.ts'
import { errorReport, errorText } from '../report-error.ts'
import { counted, formatBytes, formatDuration } from '../terminal/format.ts'
import type { CopyCounts } from './copy-counts.ts'

/** Says what a copy did: failures one by one on standard error, the sums on standard output. */
export async function printSummary({ out, err, json }: Cli, counts: CopyCounts, { tookMs, shown }: { readonly tookMs: number; readonly shown: (path: string) => string }): Promise<void> {
  const { told, ...numbers } = counts
  // The first one is what the command fails with, and is told at its end.
  for (const failure of told.slice(1)) await err.line(json ? JSON.stringify(errorReport(failure, { shown })) : errorText(failure, { output: err, shown }))
  if (json) await out.line(JSON.stringify({ ...numbers, tookMs: Math.round(tookMs) }))
  else await out.line(summaryLine(counts, tookMs))
}

/** `Copied 1,204 files, 12.0 MiB in 1.2 s; skipped 3 links.` */
function summaryLine(counts: CopyCounts, tookMs: number): string {
  const { files, bytes, wholeTrees, links, specials, existing, verified, failures } = counts
  const trees = wholeTrees === 0 ? undefined : `${counted(wholeTrees, 'directory', 'directories')} in one commit${wholeTrees === 1 ? '' : ' each'}`
  const copied = [trees, files > 0 || trees === undefined ? `${counted(files, 'file')}, ${formatBytes(bytes)}` : undefined].filter((part) => part !== undefined)
  const skipped = [links > 0 ? counted(links, 'link') : '', specials > 0 ? counted(specials, 'device, socket or FIFO', 'devices, sockets and FIFOs') : '', existing > 0 ? `${counted(existing, 'file')} that stood there` : '']
  const rest = [listed('skipped', skipped), verified > 0 ? `verified ${counted(verified, 'file')}` : '', failures > 0 ? `${counted(failures, 'file')} failed` : ''].filter((part) => part !== '')
  return `Copied ${copied.join(' and ')} in ${formatDuration(tookMs)}${rest.map((part) => `; ${part}`).join('')}.`
}

function listed(verb: string, parts: readonly string[]): string {
  const given = parts.filter((part) => part !== '')
  return given.length === 0 ? '' : `${verb} ${given.join(', ')}`
}
