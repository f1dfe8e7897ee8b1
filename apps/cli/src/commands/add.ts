import { installBackend } from '@nexus/core'
import type { BuildCommand } from '../cli.ts'

/** `add`: installs a backend's package for this user. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PACKAGE>', 'an npm package, or one of our schemes (s3)')
    .addHelpText('after', `
The package goes to ~/.nexus/backends (NEXUS_HOME); npm installs it.

Examples:
  nexus-fs add s3
  nexus-fs add nexus-backend-notion`)
    .action(async (name: string) => {
      const installed = await installBackend(name, { signal: cli.signal })
      if (cli.json) await cli.out.line(JSON.stringify(installed))
      else await cli.out.line(`Installed ${installed.package} ${installed.version}. It mounts ${installed.schemes.map((scheme) => `${scheme}://`).join(', ')}.`)
    })
}
