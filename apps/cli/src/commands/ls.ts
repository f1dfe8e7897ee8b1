import type { Entry } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { listBelow } from '../list-below.ts'
import { openSession, type Session } from '../session.ts'
import { formatBytes, formatDate } from '../terminal/format.ts'
import { formatTable } from '../terminal/table.ts'

interface LsOptions {
  readonly long?: true
  readonly recursive?: true
  readonly snapshot?: string
  readonly crossMounts?: true
}

/** `ls`: a directory in order of its names, or one line for a file. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('[PATH...]', 'directories or files', ['/'])
    .option('-l, --long', 'show sizes, dates and modes too')
    .option('-r, --recursive', 'go down into directories')
    .option('--snapshot <name>', 'as it was in a snapshot')
    .option('--cross-mounts', 'with -r: go on inside mounts below')
    .addHelpText('after', `
Examples:
  nexus-fs ls /                     what is mounted
  nexus-fs ls -l /local/data        sizes and dates
  nexus-fs ls -r --json /local/data one JSON object a line
  nexus-fs ls local://./data        without mounting first`)
    .action(async (paths: readonly string[], options: LsOptions) => {
      await using session = await openSession(cli, paths, { goesBelow: options.recursive })
      if (session.isEmpty && paths.every((path) => path === '/') && !cli.json) {
        await cli.err.line('Nothing is mounted yet. Try: nexus-fs mount local://./data')
      }
      for (const [index, path] of session.paths.entries()) {
        if (session.paths.length > 1 && !cli.json) await cli.out.line(`${index > 0 ? '\n' : ''}${cli.out.name(session.shown(path))}:`)
        await printEntries(cli, { session, path, options })
      }
    })
}

interface Listing {
  readonly session: Session
  readonly path: Session['paths'][number]
  readonly options: LsOptions
}

async function printEntries(cli: Cli, { session, path, options }: Listing): Promise<void> {
  const nameOf = (entry: Entry): string => (options.recursive === true ? entry.path.slice(path === '/' ? 1 : path.length + 1) || entry.name : entry.name)
  const rows: string[][] = []
  for await (const entry of entriesAt(cli, { session, path, options })) {
    if (cli.json) await cli.out.line(entryJson(entry, session.shown))
    else if (options.long === true) rows.push(longRow(cli, entry, nameOf(entry)))
    else await cli.out.line(paintName(cli, entry, nameOf(entry)))
    // A long listing is aligned a thousand lines at a time, so that memory stays bounded.
    if (rows.length >= 1000) await printRows(cli, rows.splice(0))
  }
  await printRows(cli, rows)
}

async function* entriesAt(cli: Cli, { session, path, options }: Listing): AsyncGenerator<Entry> {
  const { signal } = cli
  const { snapshot } = options
  if (path !== '/') {
    const stat = await session.fs.stat(path, { signal, snapshot })
    if (stat.kind === 'file') {
      yield { ...stat, name: session.shown(path) }
      return
    }
  }
  yield* listBelow(session, path, { recursive: options.recursive === true, crossMounts: options.crossMounts, snapshot, signal })
}

function longRow({ out }: Cli, entry: Entry, name: string): string[] {
  const isDirectory = entry.kind === 'directory'
  const size = isDirectory ? '-' : entry.sizeBytes === undefined ? '?' : formatBytes(entry.sizeBytes)
  const link = entry.metadata?.['symlink']
  const kind = isDirectory ? 'd' : link === undefined ? '-' : 'l'
  const mode = entry.metadata?.['mode'] === undefined ? '' : 'x'
  const shown = paintName({ out }, entry, name) + (link === undefined ? '' : ` -> ${out.name(link)}`)
  return [kind + mode, size, formatDate(entry.modifiedAt), shown]
}

async function printRows({ out }: Cli, rows: readonly (readonly string[])[]): Promise<void> {
  const columns = [{ title: '' }, { title: '', align: 'right' as const }, { title: '' }, { title: '' }]
  for (const line of formatTable(columns, rows).slice(1)) await out.line(line)
}

function paintName({ out }: Pick<Cli, 'out'>, { kind, metadata }: Entry, name: string): string {
  if (kind === 'directory') return `${out.paint('blue', out.name(name))}/`
  if (metadata?.['symlink'] !== undefined) return out.paint('cyan', out.name(name))
  return metadata?.['mode'] === undefined ? out.name(name) : out.paint('green', out.name(name))
}
