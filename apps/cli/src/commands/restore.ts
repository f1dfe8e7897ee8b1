import { type FileStat, NexusError, type Path } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { UsageError } from '../outcomes.ts'
import { onlyPath, openSession, type Session } from '../session.ts'

interface RestoreOptions {
  readonly version?: string
  readonly snapshot?: string
}

/** `restore`: an earlier state becomes the newest version; nothing is lost by it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a file, which may be deleted by now')
    .option('--version <version>', 'which one (nexus-fs versions lists them); default: the one before the current')
    .option('--snapshot <name>', 'as it was in a snapshot')
    .addHelpText('after', `
Examples:
  nexus-fs restore /local/data/a.txt                 undo the last change
  nexus-fs restore --version 12 /local/data/a.txt
  nexus-fs restore --snapshot monday /local/data/a.txt`)
    .action(async (path: string, options: RestoreOptions) => {
      if (options.version !== undefined && options.snapshot !== undefined) throw new UsageError('Give --version or --snapshot, not both.')
      await using session = await openSession(cli, [path])
      const stat = options.snapshot === undefined ? await fromVersion(cli, session, options.version) : await fromSnapshot(cli, session, options.snapshot)
      await cli.out.line(cli.json ? entryJson(stat, session.shown) : `Restored ${cli.out.name(session.shown(stat.path))}${stat.version === undefined ? '' : ` as version ${stat.version}`}.`)
    })
}

async function fromVersion({ signal }: Cli, session: Session, version: string | undefined): Promise<FileStat> {
  const path = onlyPath(session)
  return await session.fs.restore(path, version ?? (await previousVersion(session, path, signal)), { signal })
}

/** The newest that is not current: for a deleted file its last content. */
async function previousVersion({ fs }: Session, path: Path, signal: AbortSignal): Promise<string> {
  for await (const { version, current } of fs.versions(path, { signal })) {
    if (!current) return version
  }
  throw new NexusError('not_found', { op: 'restore', path, reason: 'No earlier version is kept.' })
}

async function fromSnapshot({ signal }: Cli, session: Session, snapshot: string): Promise<FileStat> {
  const path = onlyPath(session)
  await using content = await session.fs.open(path, { snapshot, signal })
  const { contentType, metadata, sizeBytes } = content.stat
  return await session.fs.write(path, content.stream(), { contentType, metadata: Object.keys(metadata).length === 0 ? undefined : metadata, sizeBytes, signal })
}
