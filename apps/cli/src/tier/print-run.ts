import type { TieredFile, TierReport, TierRunOptions } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { Findings } from '../outcomes.ts'
import { counted, formatBytes } from '../terminal/format.ts'

interface PrintedRun {
  readonly isDryRun: boolean
  readonly start: (onFile: NonNullable<TierRunOptions['onFile']>) => Promise<readonly TierReport[]>
}

/** Runs rules, printing each file and a line for each rule. @returns How many rules were run. @throws Findings when files failed */
export async function printRun(cli: Cli, { isDryRun, start }: PrintedRun): Promise<number> {
  const { out, json } = cli
  const progress = cli.progress('Moving')
  let [files, bytes] = [0, 0]
  const reports = await start(async (file) => {
    if (file.outcome === 'moved') progress.update({ files: ++files, bytes: (bytes += file.sizeBytes) })
    if (json) await out.line(fileJson(file))
    else if (file.outcome !== 'moved') await out.line(fileLine(cli, file))
  }).finally(() => progress.end())
  for (const report of reports) await out.line(json ? reportJson(report, isDryRun) : reportLine(cli, report, isDryRun))
  const failed = reports.reduce((sum, report) => sum + report.failed, 0)
  if (failed > 0) throw new Findings(`${counted(failed, 'file')} could not be moved.`)
  return reports.length
}

function fileJson({ error, ...file }: TieredFile): string {
  return JSON.stringify({ ...file, ...(error === undefined ? {} : { code: error.code, reason: error.reason }) })
}

function fileLine({ out, naming }: Cli, { path, to, sizeBytes, outcome, error }: TieredFile): string {
  const way = `${out.name(naming.shown(path))} -> ${out.name(naming.shown(to))}`
  switch (outcome) {
    case 'failed':
      return `${way}: ${out.text(error?.reason ?? 'It failed.')}`
    case 'changed':
      return `${way}: It was changed meanwhile and stays.`
    case 'planned':
    case 'moved':
      return `${way}  ${formatBytes(sizeBytes)}`
  }
}

function reportJson({ rule: { from, to, paths }, ...counts }: TierReport, isDryRun: boolean): string {
  return JSON.stringify({ from, to, paths, dryRun: isDryRun, ...counts })
}

function reportLine({ out, naming }: Cli, { rule, files, bytes, examined, changed, failed }: TierReport, isDryRun: boolean): string {
  const rest = [
    changed > 0 ? `${changed} changed meanwhile` : undefined,
    failed > 0 ? `${failed} failed` : undefined,
  ].filter((part) => part !== undefined)
  const way = `from ${out.name(naming.shown(rule.from))} to ${out.name(naming.shown(rule.to))}${rule.paths === 'keep' ? ', paths kept' : ''}`
  return `${isDryRun ? 'Would move' : 'Moved'} ${counted(files, 'file')} of ${examined}, ${formatBytes(bytes)}, ${way}${rest.length > 0 ? `; ${rest.join(', ')}` : ''}.`
}
