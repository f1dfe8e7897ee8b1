import type { BuildCommand } from '../cli.ts'
import { copyAll, type CopyOptions } from '../copy/copy-all.ts'
import { UsageError } from '../outcomes.ts'

/** `cp`: within Nexus, into it and out of it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<SOURCE...>', 'what to copy, and where to at the end')
    .usage('[OPTION]... SOURCE... TARGET')
    .option('-r, --recursive', 'copy directories with all that is in them')
    .option('--no-clobber', 'leave files alone that are at the target already')
    .option('--verify', 'read everything back and compare it')
    .addHelpText('after', `
./x, ../x, x, ~/x and host:/x are files of this machine; /local/x, nexus:/local/x and local://./x are files of Nexus. An absolute path that
lies under no mount is one of this machine. A TARGET that is a directory gets the sources inside. Executable bits are kept; links and devices are
skipped and counted. Broken off, no file is left half-written.

Examples:
  nexus-fs cp ./report.pdf /local/data/
  nexus-fs cp -r ./src /local/data/src
  nexus-fs cp -r --verify /local/data/src ./copy
  nexus-fs cp -r /local/data/src /local/data/src-2     one commit in a repository`)
    .action(async (operands: readonly string[], options: CopyOptions) => {
      if (operands.length < 2) throw new UsageError('cp needs a source and a target. See nexus-fs cp --help.')
      await copyAll(cli, operands, options)
    })
}
