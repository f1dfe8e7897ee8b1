import { isNexusError } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { onlyPath, openSession } from '../session.ts'

const maxShown = 200

/** What the completion scripts ask: the paths that begin so, a directory with `/` at its end. */
export const build: BuildCommand = (command, cli) => {
  command.argument('[PREFIX]', 'the beginning of a path', '/').action(async (prefix: string) => {
    if (!prefix.startsWith('/')) return
    await printCandidates(cli, prefix).catch((error: unknown) => {
      // Somebody is still typing: a place that does not exist completes to nothing.
      if (!isNexusError(error)) throw error
    })
  })
}

async function printCandidates(cli: Cli, prefix: string): Promise<void> {
  const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const begun = prefix.slice(directory.length)
  await using session = await openSession(cli, [directory])
  let shown = 0
  for await (const { name, kind } of session.fs.list(onlyPath(session), { signal: cli.signal })) {
    if (!name.startsWith(begun)) continue
    await cli.out.line(`${directory}${name}${kind === 'directory' ? '/' : ''}`)
    if (++shown >= maxShown) return
  }
}
