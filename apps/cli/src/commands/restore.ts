import { type FileStat, isNexusError, NexusError, type Path, relocateError } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { restoreFile } from '../history/restore-file.ts'
import { type RestoreCounts, restoreTree } from '../history/restore-tree.ts'
import { UsageError } from '../outcomes.ts'
import { errorReport, errorText } from '../report-error.ts'
import { onlyPath, openSession, type Session } from '../session.ts'
import { counted, formatBytes } from '../terminal/format.ts'

interface RestoreOptions {
  readonly version?: string
  readonly snapshot?: string
}

/** `restore`: an earlier state becomes the newest version; nothing is lost by it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a file, which may be deleted by now; with --snapshot a directory too')
    .option('--version <version>', 'which one (nexus-fs versions lists them); default: the one before the current')
    .option('--snapshot <name>', 'as it was in a snapshot (nexus-fs snapshot list shows them)')
    .addHelpText('after', `
A directory is restored file by file: those that are as they were are left alone, those that came later stay.

Examples:
  nexus-fs restore /local/data/a.txt                 undo the last change
  nexus-fs restore --version 12 /local/data/a.txt
  nexus-fs restore --snapshot monday /local/data/a.txt
  nexus-fs restore --snapshot monday /local/data     a directory with all that was in it`)
    .action(async (path: string, { version, snapshot }: RestoreOptions) => {
      if (version !== undefined && snapshot !== undefined) throw new UsageError('Give --version or --snapshot, not both. See nexus-fs restore --help.')
      await using session = await openSession(cli, [path])
      if (snapshot === undefined) await printFile(cli, session, await fromVersion(cli, session, version))
      else await fromSnapshot(cli, session, snapshot)
    })
}

async function fromSnapshot(cli: Cli, session: Session, snapshot: string): Promise<void> {
  const { kind, path } = await statThen(cli, session, snapshot)
  if (kind === 'file') await printFile(cli, session, await restoreFile(session, path, { snapshot, signal: cli.signal }))
  else await printTree(cli, session, await restoreTree(cli, { session, path, snapshot }))
}

async function fromVersion({ signal }: Cli, session: Session, version: string | undefined): Promise<FileStat> {
  const path = onlyPath(session)
  try {
    return await session.fs.restore(path, version ?? (await previousVersion(session, path, signal)), { signal })
  } catch (error) {
    if (!isNexusError(error, 'is_directory')) throw error
    throw new NexusError('is_directory', { op: 'restore', path, cause: error, reason: 'Versions are of files; a directory is restored from a snapshot: nexus-fs restore --snapshot NAME PATH.' })
  }
}

/** What was there when the snapshot was taken. */
async function statThen({ signal }: Cli, session: Session, snapshot: string): Promise<FileStat> {
  try {
    return await session.fs.stat(onlyPath(session), { snapshot, signal })
  } catch (error) {
    throw isNexusError(error) ? relocateError(error, { op: 'restore' }) : error
  }
}

/** The newest that is not current: for a deleted file its last content. */
async function previousVersion({ fs }: Session, path: Path, signal: AbortSignal): Promise<string> {
  for await (const { version, current } of fs.versions(path, { signal })) {
    if (!current) return version
  }
  throw new NexusError('not_found', { op: 'restore', path, reason: 'No earlier version is kept.' })
}

async function printFile({ out, json }: Cli, { shown }: Session, stat: FileStat): Promise<void> {
  await out.line(json ? entryJson(stat, shown) : `Restored ${out.name(shown(stat.path))}${stat.version === undefined ? '' : ` as version ${stat.version}`}.`)
}

/** @throws NexusError the first failure, after the others were told */
async function printTree({ out, err, json }: Cli, { shown }: Session, { told, ...counts }: RestoreCounts): Promise<void> {
  const [first, ...others] = told
  for (const failure of others) await err.line(json ? JSON.stringify(errorReport(failure, { shown })) : errorText(failure, { output: err, shown }))
  await out.line(json ? JSON.stringify(counts) : treeLine(counts))
  if (first === undefined) return
  const more = counts.failures > 1 ? ` ${counts.failures - 1} more failed.` : ''
  throw new NexusError(first.code, { op: 'restore', path: first.path, reason: first.reason + more, cause: first })
}

function treeLine({ files, bytes, unchanged, failures }: Omit<RestoreCounts, 'told'>): string {
  const rest = [unchanged > 0 ? `; ${counted(unchanged, 'file')} unchanged` : '', failures > 0 ? `; ${counted(failures, 'file')} failed` : '']
  return `Restored ${counted(files, 'file')}, ${formatBytes(bytes)}${rest.join('')}.`
}
