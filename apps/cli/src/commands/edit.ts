import type { BuildCommand, Cli } from '../cli.ts'
import { onlyPath, openSession } from '../session.ts'

interface EditOptions {
  readonly old: string
  readonly new: string
  readonly all?: true
  readonly dryRun?: true
}

/** `edit`: replaces exact text and shows the difference; what somebody else writes meanwhile is never lost. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a text file')
    .requiredOption('--old <text>', 'the text to replace; it occurs exactly once')
    .requiredOption('--new <text>', 'what to put in its place')
    .option('--all', 'replace every occurrence')
    .option('-n, --dry-run', 'show the difference and change nothing')
    .addHelpText('after', `
Examples:
  nexus-fs edit --old 'port = 80' --new 'port = 8080' /local/data/app.conf
  nexus-fs edit --old colour --new color --all --dry-run /local/data/a.md`)
    .action(async (path: string, { old: oldText, new: newText, all, dryRun }: EditOptions) => {
      await using session = await openSession(cli, [path])
      const { stat, diff } = await session.fs.edit(onlyPath(session), [{ oldText, newText, all }], { dryRun, signal: cli.signal })
      if (cli.json) {
        await cli.out.line(JSON.stringify({ path: session.shown(onlyPath(session)), diff, written: dryRun !== true && diff !== '', etag: stat?.etag }))
        return
      }
      for (const line of diff.replace(/\n$/, '').split('\n')) await cli.out.line(paintDiff(cli, line))
    })
}

function paintDiff({ out }: Cli, line: string): string {
  const text = out.text(line)
  if (line.startsWith('+++') || line.startsWith('---')) return out.paint('bold', text)
  if (line.startsWith('@@')) return out.paint('cyan', text)
  if (line.startsWith('+')) return out.paint('green', text)
  return line.startsWith('-') ? out.paint('red', text) : text
}
