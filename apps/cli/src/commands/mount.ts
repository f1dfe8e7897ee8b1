import { type MountInfo, type MountSource, NexusError, parseUri, readMounts } from '@nexus/core'
import { parsePath } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { UsageError } from '../outcomes.ts'
import { wholeNumber } from '../parse-values.ts'
import { hostDirectory } from '../paths/host-directory.ts'
import { placeholder } from '../session.ts'
import { layoutName } from '../layout-name.ts'
import { formatTable } from '../terminal/table.ts'
import { mount } from '../with-local.ts'

interface MountCommandOptions {
  readonly name?: string
  readonly at?: string
  readonly readonly?: true
  readonly priority?: number
}

/** `mount`: opens URIs once, to see that they work, and remembers them. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<URI...>', 'what to mount, for example local://./data')
    .option('--name <name>', 'a name for people; with one URI')
    .option('--at <path>', 'where, instead of the place that the URI gives itself; with one URI')
    .option('--readonly', 'refuse every change')
    .option('--priority <number>', 'higher wins over a longer path', wholeNumber(Number.MIN_SAFE_INTEGER))
    .addHelpText('after', `
An empty or absent directory becomes a repository at its first write (?layout=cas says so, ?layout=path keeps plain files);
other content stays as it is. Mounts are remembered in the state directory (NEXUS_FS_STATE_DIR).

Examples:
  nexus-fs mount local://./data                       at /local/data
  nexus-fs mount --at /archive local:///srv/archive
  nexus-fs mount --readonly 'local://./photos?layout=path'`)
    .action(async (uris: readonly string[], options: MountCommandOptions) => {
      const { name, at, readonly, priority } = options
      if (uris.length > 1 && (name !== undefined || at !== undefined)) throw new UsageError('--name and --at go with exactly one URI.')
      const sources = uris.map((uri) => ({ uri, at, name, readonly, priority }))
      const places = uris.map((uri) => (at === undefined ? parseUri(uri, { cwd: cli.workingDirectory }).mountPoint : parsePath(at)))
      const standing = await standingMounts(cli, sources, places)
      await using fs = await mount(...standing, ...sources, { signal: cli.signal })
      const mounted = (await fs.listMounts()).filter(({ mountPoint }) => places.includes(mountPoint))
      for (const line of cli.json ? mounted.map(mountJson) : mountLines(cli, mounted)) await cli.out.line(line)
    })
}

/** What is remembered already stands in the table too, unopened, so that collisions and shadows are noticed. */
async function standingMounts({ workingDirectory }: Cli, sources: readonly { readonly uri: string }[], places: readonly string[]): Promise<MountSource[]> {
  const remembered = await readMounts()
  return remembered.flatMap(({ mountPoint, uri, name, priority }) => {
    const index = places.indexOf(mountPoint)
    const added = sources[index]
    if (added === undefined) return [{ backend: placeholder(uri), at: mountPoint, name, priority }]
    if (isSamePlace(added.uri, uri, workingDirectory)) return []
    const reason = `${uri} is mounted there already. Choose another place with --at, or take it away first: nexus-fs unmount ${mountPoint}`
    throw new NexusError('mount_collision', { op: 'mount', path: mountPoint, reason })
  })
}

/** The same storage with other options is mounted anew; another storage at the same place is not. */
function isSamePlace(added: string, remembered: string, cwd: string): boolean {
  const [left, right] = [parseUri(added, { cwd }), parseUri(remembered, { cwd })]
  if (left.scheme !== right.scheme) return false
  if (left.scheme !== 'local') return left.authority === right.authority && left.path === right.path
  return hostDirectory(left.authority, cwd) === hostDirectory(right.authority, cwd)
}

function mountJson({ id, name, mountPoint, uri, backendType, layout, priority, readonly }: MountInfo): string {
  return JSON.stringify({ id, name, mountPoint, uri, backendType, layout, priority, readonly })
}

function mountLines({ out }: Cli, mounted: readonly MountInfo[]): string[] {
  const rows = mounted.map(({ mountPoint, layout, uri, readonly }) => [out.paint('blue', mountPoint), layoutName(layout), out.name(uri ?? ''), readonly ? 'read-only' : ''])
  return formatTable([{ title: 'MOUNTED' }, { title: 'LAYOUT' }, { title: 'URI' }, { title: '' }], rows)
}
