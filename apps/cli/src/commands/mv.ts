import { baseName, joinPath, NexusError, type Path } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { findUnfinished } from '../copy/find-unfinished.ts'
import { entryJson } from '../entry-json.ts'
import { UsageError } from '../outcomes.ts'
import { isDirectory } from '../is-directory.ts'
import { openSession, type Session } from '../session.ts'

interface MvOptions {
  readonly clobber: boolean
  readonly nonAtomic?: true
}

/** `mv`: renames, or moves into a directory; across mounts it copies, verifies and deletes last. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<SOURCE...>', 'what to move, and where to at the end')
    .usage('[OPTION]... SOURCE... TARGET')
    .option('--no-clobber', 'never replace a file')
    .option('--non-atomic', 'move a directory file by file where the storage has no single step for it')
    .addHelpText('after', `
A TARGET that is a directory gets the sources inside.

A move between mounts that was killed or failed goes on when the same command is given again: what arrived is not copied
a second time, and no source is deleted before all of it arrived. nexus-fs doctor lists what is unfinished.

Examples:
  nexus-fs mv /local/data/a.txt /local/data/b.txt
  nexus-fs mv /local/data/a.txt /local/data/b.txt /local/data/archive`)
    .action(async (operands: readonly string[], options: MvOptions) => {
      if (operands.length < 2) throw new UsageError('mv needs a source and a target. See nexus-fs mv --help.')
      await using session = await openSession(cli, operands, { changesNames: true })
      const target = session.paths.at(-1) as Path
      const isInto = await isDirectory(session, target, cli.signal)
      if (!isInto && operands.length > 2) throw new NexusError('not_directory', { op: 'mv', path: target, reason: 'Several sources go into a directory, which this is not.' })
      for (const source of session.paths.slice(0, -1)) {
        const to = await chooseTarget(cli, session, { source, target, isInto })
        const stat = await session.fs.rename(source, to, { ifNoneMatch: options.clobber ? undefined : '*', allowNonAtomic: options.nonAtomic, signal: cli.signal })
        if (cli.json) await cli.out.line(entryJson(stat, session.shown))
      }
    })
}

/** Inside a directory, unless that directory is what an earlier attempt made of this source: then it is gone on with. */
async function chooseTarget(cli: Cli, session: Session, { source, target, isInto }: { readonly source: Path; readonly target: Path; readonly isInto: boolean }): Promise<Path> {
  const inside = joinPath(target, baseName(source))
  for (const to of isInto ? [target, inside] : [target]) {
    const unfinished = await findUnfinished(session, source, to)
    if (unfinished === undefined) continue
    const arrived = unfinished.copiedFiles === 1 ? '1 file has' : `${unfinished.copiedFiles} files have`
    await cli.err.line(`Going on with the move of ${cli.err.name(session.shown(source))} that began at ${unfinished.startedAt.toISOString()}; ${arrived} arrived.`)
    return to
  }
  return isInto ? inside : target
}
