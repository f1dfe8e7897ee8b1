import { NexusError } from '../contract/errors.ts'
import { acceptsGlob, advanceGlob, compileGlob, type GlobState, reachOfGlob } from '../facade/glob-pattern.ts'
import type { Wanted } from '../facade/walk.ts'
import type { SyncRule } from './sync-options.ts'

/** What takes part in a sync. Keys are paths below the synced directory, without `/` at either end. */
export interface SyncFilter {
  takes(key: string, kind: 'file' | 'directory'): boolean
  /** Which part of what lies below a directory (`''`: the synced one) takes part. */
  below(directory: string): Wanted
}

/** Where one rule stands in a directory. */
interface Standing {
  readonly includes: boolean
  readonly state: GlobState
  /** It matches the directory or one above, and so everything here. */
  readonly isMatched: boolean
}

/** Compiles the rules. @throws NexusError `invalid_argument` for a pattern that is none */
export async function compileFilter(rules: readonly SyncRule[]): Promise<SyncFilter> {
  const start = await Promise.all(rules.map(toStanding))
  const takesRest = start.at(-1)?.includes !== true
  const standingIn = standingsByDirectory(start)
  return {
    takes: (key, kind) => {
      const slash = key.lastIndexOf('/')
      const name = key.slice(slash + 1)
      const first = standingIn(key.slice(0, Math.max(slash, 0))).find((one) => one.isMatched || acceptsGlob(advanceGlob(one.state, name), kind))
      return first?.includes ?? takesRest
    },
    below: (directory) => reachBelow(standingIn(directory), takesRest),
  }
}

async function toStanding(rule: SyncRule): Promise<Standing> {
  const includes = 'include' in rule
  const pattern: unknown = includes ? rule.include : rule.exclude
  if (typeof pattern !== 'string' || pattern === '') throw new NexusError('invalid_argument', { op: 'syncTree', reason: 'A rule of the filter is { include: pattern } or { exclude: pattern }, and no pattern is empty.' })
  const state = await compileGlob([pattern.startsWith('/') ? pattern.slice(1) : `**/${pattern}`], { dot: true })
  return { includes, state, isMatched: false }
}

/** Where the rules stand in a directory; remembers the last one, because entries of one directory come together. */
function standingsByDirectory(start: readonly Standing[]): (directory: string) => readonly Standing[] {
  let last = { directory: '', standings: start }
  return (directory) => {
    if (directory === last.directory) return last.standings
    const names = directory === '' ? [] : directory.split('/')
    last = { directory, standings: names.reduce<readonly Standing[]>((standings, name) => standings.map((one) => stepDown(one, name)), start) }
    return last.standings
  }
}

function stepDown(standing: Standing, name: string): Standing {
  if (standing.isMatched) return standing
  const state = advanceGlob(standing.state, name)
  return { ...standing, state, isMatched: acceptsGlob(state, 'directory') }
}

/** One answer serves for all below unless a rule that comes first can still say otherwise there. */
function reachBelow(standings: readonly Standing[], takesRest: boolean): Wanted {
  const deciding = standings.findIndex(({ isMatched }) => isMatched)
  const takes = standings[deciding]?.includes ?? takesRest
  const before = deciding === -1 ? standings : standings.slice(0, deciding)
  if (before.some(({ includes, state }) => includes !== takes && reachOfGlob(state) !== 'none')) return 'some'
  return takes ? 'all' : 'none'
}
