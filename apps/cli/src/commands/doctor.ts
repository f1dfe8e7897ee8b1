import type { BuildCommand, Cli } from '../cli.ts'
import { type Check, checkMachine } from '../doctor/check-machine.ts'
import { checkMounts, type MountReport } from '../doctor/check-mounts.ts'
import { layoutName } from '../layout-name.ts'
import { Findings } from '../outcomes.ts'
import { formatBytes } from '../terminal/format.ts'
import { wrapWords } from '../terminal/fit-line.ts'
import type { Output } from '../terminal/output.ts'
import { formatTable } from '../terminal/table.ts'

/** `doctor`: looks at this machine and every mount, and changes nothing. */
export const build: BuildCommand = (command, cli) => {
  command
    .addHelpText('after', `
Exit code 1: something is not as it should be.

Examples:
  nexus-fs doctor
  nexus-fs doctor --json | jq .mounts`)
    .action(async () => {
      const checks = await checkMachine()
      const mounts = await checkMounts(cli)
      if (cli.json) await cli.out.line(JSON.stringify({ checks, mounts }))
      else await printReport(cli, { checks, mounts })
      if (checks.some(({ ok }) => !ok) || mounts.some(({ problem }) => problem !== undefined)) throw new Findings()
    })
}

async function printReport({ out }: Cli, { checks, mounts }: { readonly checks: readonly Check[]; readonly mounts: readonly MountReport[] }): Promise<void> {
  const mark = (ok: boolean): string => (ok ? out.paint('green', 'ok') : out.paint('red', 'problem'))
  for (const line of formatTable([{ title: '' }, { title: '' }, { title: '' }], checks.map(({ name, ok, told }) => [mark(ok), name, out.name(told)])).slice(1)) await out.line(line)
  if (mounts.length === 0) return
  await out.line('')
  const rows = mounts.map(({ mountPoint, layout, writable, freeBytes, problem }) => [
    mark(problem === undefined), out.paint('blue', out.name(mountPoint)), layoutName(layout), writable ? 'yes' : 'no',
    freeBytes === undefined ? '-' : formatBytes(freeBytes), problem === undefined ? '' : out.name(problem),
  ])
  const columns = [{ title: '' }, { title: 'MOUNT POINT' }, { title: 'LAYOUT' }, { title: 'WRITABLE' }, { title: 'FREE', align: 'right' as const }, { title: '' }]
  for (const line of formatTable(columns, rows)) await out.line(line)
  await printAbilities(out, mounts)
}

/** What the mounts can do, once for all that can do the same. */
async function printAbilities(out: Output, mounts: readonly MountReport[]): Promise<void> {
  for (const text of new Set(mounts.flatMap(({ problem, capabilities }) => (problem === undefined ? [capabilities.join(', ')] : [])))) {
    const able = mounts.filter(({ problem, capabilities }) => problem === undefined && capabilities.join(', ') === text)
    await out.line('')
    for (const line of wrapWords(`${able.map(({ mountPoint }) => out.name(mountPoint)).join(', ')} can: ${text === '' ? 'read and write' : text}.`.split(' '), out.columns)) await out.line(out.paint('dim', line))
  }
}
