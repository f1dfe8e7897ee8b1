import type { Entry } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { listBelow } from '../list-below.ts'
import { wholeNumber } from '../parse-values.ts'
import { onlyPath, openSession, type Session } from '../session.ts'
import { counted, formatBytes } from '../terminal/format.ts'

interface TreeOptions {
  readonly depth?: number
  readonly sizes?: true
}

/** `tree`: a directory with all below it, drawn. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('[PATH]', 'a directory', '/')
    .option('-d, --depth <levels>', 'go so deep and no deeper', wholeNumber(1))
    .option('-s, --sizes', 'show the sizes of files')
    .addHelpText('after', `
Examples:
  nexus-fs tree -d 2 /local/data
  nexus-fs tree --sizes local://./data`)
    .action(async (path: string, options: TreeOptions) => {
      await using session = await openSession(cli, [path], { goesBelow: true })
      const counts = { files: 0, directories: 0 }
      const root = onlyPath(session)
      // Nothing is drawn of what is not there.
      if (root !== '/') await session.fs.stat(root, { signal: cli.signal })
      if (!cli.json) await cli.out.line(cli.out.paint('blue', cli.out.name(session.shown(root))))
      await drawLevel(cli, { session, options, counts, path: root, indent: '', level: 1 })
      if (!cli.json) await cli.out.line(cli.out.paint('dim', `\n${counted(counts.directories, 'directory', 'directories')}, ${counted(counts.files, 'file')}`))
    })
}

interface Level {
  readonly session: Session
  readonly options: TreeOptions
  readonly counts: { files: number; directories: number }
  readonly path: Session['paths'][number]
  readonly indent: string
  readonly level: number
}

/** One entry is held back, because the last one of a directory is drawn differently. */
async function drawLevel(cli: Cli, level: Level): Promise<void> {
  let held: Entry | undefined
  for await (const entry of listBelow(level.session, level.path, { recursive: false, signal: cli.signal })) {
    if (held !== undefined) await drawEntry(cli, level, { entry: held, isLast: false })
    held = entry
  }
  if (held !== undefined) await drawEntry(cli, level, { entry: held, isLast: true })
}

async function drawEntry(cli: Cli, level: Level, { entry, isLast }: { readonly entry: Entry; readonly isLast: boolean }): Promise<void> {
  const { session, options, counts, indent } = level
  const isDirectory = entry.kind === 'directory'
  if (isDirectory) counts.directories++
  else counts.files++
  const { out } = cli
  const size = options.sizes === true && entry.sizeBytes !== undefined ? out.paint('dim', `  ${formatBytes(entry.sizeBytes)}`) : ''
  const name = isDirectory ? out.paint('blue', out.name(entry.name)) : out.name(entry.name)
  await out.line(cli.json ? entryJson(entry, session.shown) : `${out.paint('dim', `${indent}${isLast ? '└── ' : '├── '}`)}${name}${size}`)
  if (!isDirectory || level.level >= (options.depth ?? Infinity)) return
  await drawLevel(cli, { ...level, path: entry.path, indent: `${indent}${isLast ? '    ' : '│   '}`, level: level.level + 1 })
}
