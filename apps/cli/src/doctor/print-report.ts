import type { Cli } from '../cli.ts'
import { layoutName } from '../layout-name.ts'
import { wrapWords } from '../terminal/fit-line.ts'
import { formatBytes } from '../terminal/format.ts'
import type { Output } from '../terminal/output.ts'
import { formatTable } from '../terminal/table.ts'
import type { Check } from './check-machine.ts'
import type { MountReport } from './check-mounts.ts'

/** Prints what `doctor` found, for people. */
export async function printReport({ out }: Cli, { checks, mounts }: { readonly checks: readonly Check[]; readonly mounts: readonly MountReport[] }): Promise<void> {
  const untitled = { title: '' }
  for (const line of formatTable([untitled, untitled, untitled], checks.map(({ name, ok, told }) => [mark(out, ok), name, out.name(told)])).slice(1)) await out.line(line)
  if (mounts.length === 0) return
  await out.line('')
  const rows = mounts.map(({ mountPoint, layout, writable, freeBytes, problem }) => [
    mark(out, problem === undefined), out.paint('blue', out.name(mountPoint)), layoutName(layout), writable ? 'yes' : 'no',
    freeBytes === undefined ? '-' : formatBytes(freeBytes), firstLine(out, problem),
  ])
  const columns = [untitled, { title: 'MOUNT POINT' }, { title: 'LAYOUT' }, { title: 'WRITABLE' }, { title: 'FREE', align: 'right' as const }, untitled]
  for (const line of formatTable(columns, rows)) await out.line(line)
  for (const mount of mounts) await printCredentials(out, mount)
  for (const mount of mounts) await printLifecycle(out, mount)
  await printAbilities(out, mounts)
}

function mark(out: Output, ok: boolean): string {
  return ok ? out.paint('green', 'ok') : out.paint('red', 'problem')
}

/** Where credentials are missing, the table of places says it better than the sentence that names them all. */
function firstLine(out: Output, problem: string | undefined): string {
  if (problem === undefined) return ''
  return out.name(problem.startsWith('No usable credentials.') ? 'No usable credentials: see below.' : problem)
}

async function printCredentials(out: Output, { mountPoint, credentials }: MountReport): Promise<void> {
  if (credentials === undefined || credentials.length === 0) return
  await out.line('')
  await out.line(`Credentials for ${out.paint('blue', out.name(mountPoint))}, in the order in which they are looked for:`)
  const rows = credentials.map(({ place, problem, found }, index) => {
    const told = problem === undefined ? out.paint('green', out.name(`used: ${found ?? 'found'}`)) : out.name(problem)
    return [`  ${index + 1}`, out.name(place), told]
  })
  for (const line of formatTable([{ title: '' }, { title: '' }, { title: '' }], rows).slice(1)) await out.line(line)
  if (credentials.every(({ problem }) => problem !== undefined)) await out.line(`  ${out.paint('red', 'None of them can be used.')}`)
}

async function printLifecycle(out: Output, { mountPoint, lifecycle = [] }: MountReport): Promise<void> {
  if (lifecycle.length === 0) return
  await out.line('')
  for (const { isProblem, text } of lifecycle) {
    const lines = wrapWords(`${out.name(mountPoint)}: ${out.name(text)}`.split(' '), out.columns - 9)
    for (const [index, line] of lines.entries()) {
      const label = isProblem ? out.paint('red', 'problem') : out.paint('yellow', 'note   ')
      await out.line(`${index === 0 ? label : '       '}  ${line}`)
    }
  }
}

/** What the mounts can do, once for all that can do the same. */
async function printAbilities(out: Output, mounts: readonly MountReport[]): Promise<void> {
  for (const text of new Set(mounts.flatMap(({ problem, capabilities }) => (problem === undefined ? [capabilities.join(', ')] : [])))) {
    const able = mounts.filter(({ problem, capabilities }) => problem === undefined && capabilities.join(', ') === text)
    await out.line('')
    for (const line of wrapWords(`${able.map(({ mountPoint }) => out.name(mountPoint)).join(', ')} can: ${text === '' ? 'read and write' : text}.`.split(' '), out.columns)) await out.line(out.paint('dim', line))
  }
}
