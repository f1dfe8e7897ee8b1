import type { FsckReport } from '@nexus/core'
import type { Cli } from '../cli.ts'

/** Something that a check found. */
type Problem = FsckReport['problems'][number]

/** Prints what is wrong, in paths and versions, one line each. */
export async function printProblems({ out }: Cli, problems: readonly Problem[], shown: (inner: string) => string): Promise<void> {
  for (const { kind, path, version, key, message } of problems) {
    const place = path === undefined ? key : shown(path)
    const where = [place === undefined ? '' : out.name(place), version === undefined ? '' : `version ${version}`].filter((part) => part !== '').join(' ')
    await out.line(`${out.paint('red', kind)}  ${where === '' ? '' : `${where}: `}${out.name(message)}`)
  }
}

/** The same problems as JSON: paths as the person sees them. */
export function problemsJson(problems: readonly Problem[], shown: (inner: string) => string): Problem[] {
  return problems.map((problem) => (problem.path === undefined ? problem : { ...problem, path: shown(problem.path) }))
}
