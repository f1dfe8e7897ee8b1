import { Option } from 'commander'
import type { BuildCommand } from '../cli.ts'
import { copyAll, type CopyOptions } from '../copy/copy-all.ts'
import { UsageError } from '../outcomes.ts'
import { parseRate } from '../parse-values.ts'

/** `cp`: within Nexus, into it and out of it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<SOURCE...>', 'what to copy, and where to at the end')
    .usage('[OPTION]... SOURCE... TARGET')
    .option('-r, --recursive', 'copy directories with all that is in them')
    .option('--no-clobber', 'leave files alone that are at the target already')
    .option('--verify', 'read everything back and compare it')
    .option('--bandwidth <rate>', 'how much may pass in a second, as in 5MB', parseRate)
    .addOption(new Option('--bwlimit <rate>').argParser(parseRate).hideHelp().conflicts('bandwidth'))
    .addHelpText('after', `
./x, ../x, x, ~/x and host:/x are files of this machine; /local/x, nexus:/local/x and local://./x are files of Nexus. An absolute path that
lies under no mount is one of this machine. A TARGET that is a directory gets the sources inside. Executable bits are kept; links and devices are
skipped and counted. Between two mounts every copy is verified, and made inside the service where both lie in one. Broken off, no file is left
half-written; sync goes on where a copy was broken off.

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
