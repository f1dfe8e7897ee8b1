import type { SyncRule } from '@nexus/core'
import { Option } from 'commander'
import type { BuildCommand } from '../cli.ts'
import { parseRate, wholeNumber } from '../parse-values.ts'
import { runSync, type SyncCommandOptions } from '../replicate/run-sync.ts'

/** `sync`: one directory made equal to another, once or for good. */
export const build: BuildCommand = (command, cli) => {
  const filter: SyncRule[] = []
  command
    .argument('<SOURCE>', 'a directory of Nexus or of this machine')
    .argument('<TARGET>', 'the directory that is to hold the same; made if it is absent')
    .option('--delete', 'delete at the target what the source does not have, after everything was copied')
    .option('-n, --dry-run', 'show what would be done and change nothing')
    .option('--include <glob>', 'take this part; the first of these rules that matches decides', (include) => void filter.push({ include }))
    .option('--exclude <glob>', 'leave this part alone, at both places', (exclude) => void filter.push({ exclude }))
    .option('-c, --checksum', 'compare contents and not sizes and times')
    .option('--bandwidth <rate>', 'how much may pass in a second, as in 5MB', parseRate)
    .addOption(new Option('--bwlimit <rate>').argParser(parseRate).hideHelp().conflicts('bandwidth'))
    .option('--concurrency <number>', 'files under way at once; default 8', wholeNumber(1))
    .option('--watch', 'go on and bring every change along, until Ctrl-C')
    .option('--interval <seconds>', 'with --watch: how often to look where the storage tells no changes; default 10', wholeNumber(1))
    .option('--allow-empty-source', 'with --delete: also when there is nothing at the source')
    .option('--cross-mounts', 'take mounts below the source along')
    .addHelpText('after', `
A file is the same if size and digest are; where a storage keeps no digests, if the size is and the target was written after the source changed
last. That misses a file that was changed, kept its size and was given an older time; --checksum reads and finds it. Every copy is verified,
inside the service where both places lie in one. Broken off, no file is left half-written, and the same command goes on where it was.

A glob without "/" at its beginning matches at any depth, one with "/" at its end directories only; what matches stands for all below it. What no rule
matches takes part, unless the last rule is an --include. Links are skipped and counted.

Examples:
  nexus-fs sync ./photos /local/photos
  nexus-fs sync -n --delete ./site s3://bucket/site
  nexus-fs sync --include '*.md' /local/data ./notes           these alone
  nexus-fs sync --exclude node_modules --exclude '*.tmp' ./src /local/src
  nexus-fs sync --watch --delete /local/data /local/replica`)
    .action(async (source: string, target: string, options: Omit<SyncCommandOptions, 'filter'>) => {
      await runSync(cli, [source, target], { ...options, filter })
    })
}
