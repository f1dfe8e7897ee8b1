import { NexusError } from '../contract/errors.ts'
import { classEnd } from './expand-braces.ts'

/** Whether a name matches one segment of a pattern. */
export type NameTest = (name: string) => boolean

interface MatcherOptions {
  /** Whether a wildcard at the beginning matches a name that begins with `.`. */
  readonly dot: boolean
}

type Token = { readonly kind: 'star' } | { readonly kind: 'one'; readonly test: NameTest }

const extglob = /(?<!\\)[?*+@!]\(/
const maxExtglobStars = 3

/** The name that a segment without wildcards stands for; `undefined` when it has one. */
export function literalSegment(segment: string): string | undefined {
  if (extglob.test(segment)) return undefined
  let name = ''
  for (let at = 0; at < segment.length; at++) {
    const char = segment[at] ?? ''
    if (char === '*' || char === '?' || (char === '[' && classEnd(segment, at) !== undefined)) return undefined
    name += char === '\\' ? (segment[++at] ?? '\\') : char
  }
  return name
}

/**
 * Compiles `*`, `?`, `[class]` and extglobs within one name. Names are matched in time proportional to pattern times name, whatever the
 * pattern; only extglobs go through a backtracking expression, and so may hold few stars.
 * @throws NexusError `invalid_argument` for an extglob with more than three stars.
 */
export async function segmentMatcher(segment: string, { dot }: MatcherOptions): Promise<NameTest> {
  const literal = literalSegment(segment)
  if (literal !== undefined) return (name) => name === literal
  const matches = extglob.test(segment) ? await extglobMatcher(segment) : wildcardMatcher(await tokens(segment))
  const hidden = dot || /^(?:\\?\.|[@+]\(\\?\.)/.test(segment)
  return (name) => (hidden || !name.startsWith('.')) && matches(name)
}

async function extglobMatcher(segment: string): Promise<NameTest> {
  if ((segment.match(/\*/g) ?? []).length > maxExtglobStars) {
    throw new NexusError('invalid_argument', { op: 'glob', reason: `An extended pattern holds at most ${maxExtglobStars} "*" in one segment: ${segment.slice(0, 80)}.` })
  }
  const { default: picomatch } = await import('picomatch')
  return picomatch(segment, { dot: true, nobrace: true, nonegate: true, noglobstar: true, posix: true })
}

async function tokens(segment: string): Promise<Token[]> {
  const result: Token[] = []
  let at = 0
  const take = (): string => {
    const char = String.fromCodePoint(segment.codePointAt(at) ?? 0)
    at += char.length
    return char
  }
  while (at < segment.length) {
    const start = at
    const char = take()
    const end = char === '[' ? classEnd(segment, start) : undefined
    if (end !== undefined) result.push({ kind: 'one', test: await classTest(segment.slice(start, (at = end))) })
    else if (char === '*') result.push({ kind: 'star' })
    else if (char === '?') result.push({ kind: 'one', test: () => true })
    else result.push(exactly(char === '\\' && at < segment.length ? take() : char))
  }
  return result
}

function exactly(expected: string): Token {
  return { kind: 'one', test: (char) => char === expected }
}

async function classTest(text: string): Promise<NameTest> {
  const { default: picomatch } = await import('picomatch')
  return picomatch(text, { dot: true, nonegate: true, posix: true })
}

/** Greedy with one point to return to: the last star is the only one whose extent can still matter. */
function wildcardMatcher(pattern: readonly Token[]): NameTest {
  return (name) => {
    const chars = Array.from(name)
    let [token, char, starToken, starChar] = [0, 0, -1, 0]
    while (char < chars.length) {
      const expected = pattern[token]
      if (expected?.kind === 'star') [starToken, starChar] = [token++, char]
      else if (expected?.test(chars[char] ?? '') === true) [token, char] = [token + 1, char + 1]
      else if (starToken === -1) return false
      else [token, char] = [starToken + 1, ++starChar]
    }
    while (pattern[token]?.kind === 'star') token++
    return token === pattern.length
  }
}
