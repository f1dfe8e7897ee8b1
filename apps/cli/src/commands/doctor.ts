import type { BuildCommand } from '../cli.ts'
import { checkMachine } from '../doctor/check-machine.ts'
import { checkMounts, type MountReport } from '../doctor/check-mounts.ts'
import { printReport } from '../doctor/print-report.ts'
import { Findings } from '../outcomes.ts'

/** `doctor`: looks at this machine and at mounts, and changes nothing. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('[MOUNT...]', 'mount points, or URIs of what is not mounted yet; every mount without them')
    .addHelpText('after', `
Of a mount in a cloud it shows each place where credentials were looked for, which one is used, and lifecycle rules that
would take stored objects away.

Exit code 1: something is not as it should be.

Examples:
  nexus-fs doctor
  nexus-fs doctor s3://my-bucket/prefix
  nexus-fs doctor --json | jq .mounts`)
    .action(async (named: readonly string[]) => {
      const checks = await checkMachine()
      const mounts = await checkMounts(cli, named)
      if (cli.json) await cli.out.line(JSON.stringify({ checks, mounts }))
      else await printReport(cli, { checks, mounts })
      if (checks.some(({ ok }) => !ok) || mounts.some(hasProblem)) throw new Findings()
    })
}

function hasProblem({ problem, lifecycle = [] }: MountReport): boolean {
  return problem !== undefined || lifecycle.some(({ isProblem }) => isProblem)
}
