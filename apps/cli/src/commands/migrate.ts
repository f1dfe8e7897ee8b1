import type { BuildCommand } from '../cli.ts'
import { type MigrateCommandOptions, runMigrate } from '../migrate/run-migrate.ts'
import { parseRate, wholeNumber } from '../parse-values.ts'

/** `migrate`: moves a mount to other storage. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<MOUNT>', 'mount point, name or URI, as nexus-fs mounts list shows it')
    .argument('<URI>', 'an empty place, where the mount is to lead')
    .option('-n, --dry-run', 'show what would go and what would be lost, and change nothing')
    .option('-c, --checksum', 'read everything at both places before the switch')
    .option('--allow-loss', 'migrate although the other storage cannot take everything')
    .option('--bandwidth <rate>', 'how much may pass in a second, as in 5MB', parseRate)
    .option('--concurrency <number>', 'files under way at once; default 8', wholeNumber(1))
    .option('--follow', 'go on after the switch and bring along what others still change in the old storage, until Ctrl-C')
    .addHelpText('after', `
Everything is copied and verified; then, while changes to the mount wait, the rest is, both places are compared, and the mount leads to the new one: its
path, name, priority and tier rules stay. The old storage is left as it stands. Broken off anywhere, the mount leads where it led, and the same command goes on.

Programs that have the mount open keep the old storage until they mount again. --follow brings along what they change there; it deletes nothing, and of a
file that was changed at both places the newer stays. Earlier versions, snapshots, links, and what the other storage cannot hold do not go along: that is
told before anything is copied, and needs --allow-loss.

Examples:
  nexus-fs migrate /local/data s3://bucket/data --dry-run
  nexus-fs migrate photos gcs://project/bucket/photos --allow-loss
  nexus-fs migrate /workspace 'local:///srv/disk2/workspace' --follow`)
    .action(async (mount: string, uri: string, options: MigrateCommandOptions) => runMigrate(cli, [mount, uri], options))
}
