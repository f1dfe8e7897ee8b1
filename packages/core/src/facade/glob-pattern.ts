import { NexusError } from '../contract/errors.ts'
import { expandBraces } from './expand-braces.ts'
import { type NameTest, literalSegment, segmentMatcher } from './segment-matcher.ts'

/** A place within a pattern: what the next name must be. */
type Node =
  | { readonly kind: 'globstar'; readonly test: NameTest; readonly next: Node; /** Everything below here matches. */ readonly takesAll: boolean }
  | { readonly kind: 'name'; readonly test: NameTest; readonly literal: string | undefined; readonly next: Node }
  | { readonly kind: 'end'; readonly directoriesOnly: boolean }

/** All places that the names so far may have led to; none: nothing below can match. */
export type GlobState = ReadonlySet<Node>

const maxPatternLength = 4096

/**
 * The start of one or several patterns, side by side.
 * @throws NexusError `invalid_argument` for an empty or overlong pattern, `.` or `..` segments, too many alternatives.
 */
export async function compileGlob(patterns: readonly string[], options: { readonly dot: boolean }): Promise<GlobState> {
  const state = new Set<Node>()
  for (const pattern of patterns) {
    if (pattern === '' || pattern.length > maxPatternLength) throw invalid(pattern, `A pattern has 1 to ${maxPatternLength} characters.`)
    for (const alternative of expandBraces(pattern.normalize('NFC'))) add(state, await compileOne(alternative, options))
  }
  return state
}

async function compileOne(pattern: string, { dot }: { readonly dot: boolean }): Promise<Node> {
  const segments = pattern.replace(/^(?:\.\/)+/, '').split('/')
  const directoriesOnly = segments.length > 1 && segments.at(-1) === ''
  if (directoriesOnly) segments.pop()
  // "a/**" is what lies below a, not a itself.
  if (segments.at(-1) === '**') segments.push('*')
  let node: Node = { kind: 'end', directoriesOnly }
  for (const segment of segments.reverse()) {
    if (segment === '' || segment === '.' || segment === '..') throw invalid(pattern, `A pattern has no "${segment}" segment.`)
    if (segment === '**') node = { kind: 'globstar', test: await segmentMatcher('*', { dot }), next: node, takesAll: dot && takesEverything(segments[0], node) }
    else node = { kind: 'name', test: await segmentMatcher(segment, { dot }), literal: literalSegment(segment), next: node }
  }
  return node
}

function takesEverything(lastSegment: string | undefined, next: Node): boolean {
  return lastSegment === '*' && next.kind === 'name' && next.next.kind === 'end' && !next.next.directoriesOnly
}

/** One name further down. */
export function advanceGlob(state: GlobState, name: string): GlobState {
  const next = new Set<Node>()
  for (const node of state) {
    if (node.kind === 'end' || !node.test(name)) continue
    add(next, node.kind === 'globstar' ? node : node.next)
  }
  return next
}

/** A globstar also stands for no name at all. */
function add(state: Set<Node>, node: Node): void {
  state.add(node)
  if (node.kind === 'globstar') add(state, node.next)
}

/** Whether what the names led to matches. */
export function acceptsGlob(state: GlobState, kind: 'file' | 'directory'): boolean {
  return [...state].some((node) => node.kind === 'end' && (kind === 'directory' || !node.directoriesOnly))
}

/** Whether anything below a directory can still match, and whether its depth is unlimited. */
export function reachOfGlob(state: GlobState): 'none' | 'names' | 'any-depth' {
  const nodes = [...state]
  if (nodes.some((node) => node.kind === 'globstar')) return 'any-depth'
  return nodes.some((node) => node.kind === 'name') ? 'names' : 'none'
}

/** Whether all that lies below matches, so that an exclusion need not look at it. */
export function takesAllBelow(state: GlobState): boolean {
  return [...state].some((node) => node.kind === 'globstar' && node.takesAll)
}

/** The one name that every path through the pattern begins with; `undefined` at the first choice, and at the end. */
export function onlyName(state: GlobState): string | undefined {
  const names = new Set([...state].map((node) => (node.kind === 'name' ? node.literal : undefined)))
  return names.size === 1 ? names.values().next().value : undefined
}

function invalid(pattern: string, reason: string): NexusError {
  return new NexusError('invalid_argument', { op: 'glob', reason: `${reason} The pattern: ${JSON.stringify(pattern.slice(0, 80))}.` })
}
