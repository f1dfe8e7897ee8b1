import { relative } from 'node:path'
import process from 'node:process'
import { exitCodeOf } from '../exit-codes.ts'
import type { Cli } from '../cli.ts'
import { Interrupted, UsageError } from '../outcomes.ts'
import { reportError } from '../report-error.ts'
import { createOutput } from '../terminal/output.ts'
import { fitLine, wrapWords } from '../terminal/fit-line.ts'
import { createProgress } from '../terminal/progress.ts'
import { formatDuration } from '../terminal/format.ts'
import { mount } from '../with-local.ts'
import { checkRepository } from './check-repository.ts'
import { chooseSource, preparePlaces } from './prepare-places.ts'
import { shellWord } from './shell-word.ts'
import { changeAndRestore, copyTree, findAndGrep, listTree, showDeduplication, surviveKills, takeTreeIn } from './steps.ts'
import { type Tour, type TourPlaces, tourMount } from './tour.ts'

const steps: readonly (readonly [title: string, step: (tour: Tour) => Promise<void>])[] = [
  ['Take a tree in', takeTreeIn],
  ['Deduplicate', showDeduplication],
  ['List', listTree],
  ['Copy', copyTree],
  ['Change and restore', changeAndRestore],
  ['Find and search', findAndGrep],
  ['Survive a kill', surviveKills],
  ['Check', checkRepository],
]

/**
 * Shows in about a minute what Nexus does, on a real tree, and ends the process with an exit code as `nexus-fs` does.
 * @param args At most one: the directory to take in.
 */
export async function runTour(args: readonly string[]): Promise<never> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Interrupted(name)))
  const cli = tourCli(stop.signal)
  let exitCode = 0
  try {
    await tour(cli, args)
    await cli.out.flush()
  } catch (error) {
    await cli.out.flush()
    await reportError(error, { output: cli.err, json: false })
    await cli.err.flush()
    exitCode = exitCodeOf(error)
  }
  process.exit(exitCode)
}

function tourCli(signal: AbortSignal): Cli {
  const { env, stdin, stdout, stderr } = process
  const [out, err] = [createOutput(stdout, env), createOutput(stderr, env)]
  return {
    env, workingDirectory: process.cwd(), stdin, out, err, json: false, signal, naming: { shown: (path) => path },
    progress: (label, noun) => createProgress(label, { output: err, stream: stderr, noun }),
  }
}

async function tour(cli: Cli, args: readonly string[]): Promise<void> {
  const [given, ...rest] = args
  if (rest.length > 0 || given?.startsWith('-') === true) throw new UsageError('The tour takes one directory at most: npm start -- DIR')
  const startedAt = performance.now()
  const workspace = cli.workingDirectory
  const source = chooseSource(given, { workspace, startedIn: cli.env['INIT_CWD'] ?? workspace })
  const places = preparePlaces(workspace)
  // Everything that the tour mounts is remembered for the commands that it prints.
  process.env['NEXUS_FS_STATE_DIR'] = places.state
  await introduce(cli, { places, source })
  await using fs = await mount({ uri: `local://${places.repository.replace(/[%?#]/g, encodeURIComponent)}?layout=cas`, at: tourMount, name: 'tour' }, { signal: cli.signal })
  const { out } = cli
  const tell = async (did: string, command: string): Promise<void> => {
    for (const line of out.isTerminal ? wrapWords(did.split(' '), out.columns - 3) : [did]) await out.line(`   ${line}`)
    await out.line(out.paint('cyan', `   $ ${command}`))
  }
  const show = (line: string): Promise<void> => out.line(`     ${out.isTerminal ? fitLine(line, out.columns - 5) : line}`)
  for (const [index, [title, step]] of steps.entries()) {
    cli.signal.throwIfAborted()
    await out.line(`\n${out.paint('bold', `${index + 1}. ${title}`)}`)
    await step({ cli, fs, source, places, tell, show })
  }
  await conclude(cli, performance.now() - startedAt)
}

async function introduce({ out, workingDirectory }: Cli, { places, source }: { readonly places: TourPlaces; readonly source: string }): Promise<void> {
  const bin = `./${relative(workingDirectory, places.bin)}`
  await out.line(out.paint('bold', 'Nexus: one filesystem over every place where a program keeps its files.'))
  await out.line(`This takes ${out.name(source)} into a repository, mounted at ${tourMount}.`)
  await out.line('')
  await out.line('The commands below do the same. To run them from this directory, say first:')
  await out.line(out.paint('cyan', `   $ export PATH="$PWD/${bin.slice(2)}:$PATH"`))
  await out.line(out.paint('dim', `   (that nexus-fs has NEXUS_FS_STATE_DIR=${shellWord(places.state)})`))
}

async function conclude({ out }: Cli, tookMs: number): Promise<void> {
  await out.line('')
  await out.line(`Done in ${formatDuration(tookMs)}. The repository stays; go on with it:`)
  await out.line(out.paint('cyan', `   $ nexus-fs ls -l ${tourMount}`))
  await out.line(out.paint('cyan', '   $ nexus-fs --help'))
}
