import type { BuildCommand } from '../cli.ts'
import { parseAge, parseSize, wholeNumber } from '../parse-values.ts'
import { forgetTier } from '../tier/forget-tier.ts'
import { runTier, type TierCommandOptions } from '../tier/run-tier.ts'

/** `tier`: moves files to other storage by age, last access, size or capacity. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('[FROM]', 'the directory whose files go')
    .argument('[TO]', 'the directory that takes them; made if it is absent')
    .option('--older-than <age>', 'unchanged for so long, as in 30d', checked(parseAge))
    .option('--idle-for <age>', 'neither changed nor read for so long', checked(parseAge))
    .option('--larger-than <size>', 'as in 10MB', checked(parseSize))
    .option('--smaller-than <size>', 'as in 1k', checked(parseSize))
    .option('--capacity <size>', 'with --keep-paths: the least recently used ones, until FROM holds less', checked(parseSize))
    .option('--include <glob>', 'only files that match; may be given several times', collected)
    .option('--exclude <glob>', 'not those that match', collected)
    .option('--keep-paths', 'files are found where they were, and only their bytes move; this is remembered with the mount')
    .option('--concurrency <number>', 'files under way at once; default 8', wholeNumber(1))
    .option('-n, --dry-run', 'show what would be moved and move nothing')
    .option('--forget', 'forget that files of FROM keep their paths; those that moved stay where they lie')
    .addHelpText('after', `
All conditions that are given must hold. A file is copied, verified, and deleted last; one that is changed meanwhile stays, and so does one whose
name is taken at TO. When a file was last read is known from an attribute "accessed_at", and where a remembered rule has --idle-for or --capacity from
reading it through Nexus; else the last change counts.

Without operands the rules of ./nexus.yaml are run, or if there is no such file those that are remembered. Nothing runs by itself: call it from cron.

Examples:
  nexus-fs tier /workspace/processed /archives --older-than 30d --dry-run
  nexus-fs tier /workspace /s3/bucket/cold --idle-for 7d --larger-than 10MB --keep-paths
  nexus-fs tier                                        in a crontab: 0 3 * * *  cd /srv/app && nexus-fs tier`)
    .action(async (from: string | undefined, to: string | undefined, options: TierCommandOptions & { readonly forget?: true }) => {
      if (options.forget === true) await forgetTier(cli, from, to)
      else await runTier(cli, [from, to], options)
    })
}

function collected(glob: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), glob]
}

/** Checks what a person wrote and leaves it so: a rule is remembered as it was written. */
function checked(parse: (text: string) => number): (text: string) => string {
  return (text) => {
    parse(text)
    return text
  }
}
