import { NexusError } from '../contract/errors.ts'

const maxExpansions = 1000

/**
 * Writes `a{b,c{d,e}}` out as `ab`, `acd`, `ace`, and `{1..3}` or `{a..c}` as each value. Braces without a comma or range, and what
 * `\` or a `[class]` protects, stand for themselves.
 * @throws NexusError `invalid_argument` beyond 1,000 alternatives.
 */
export function expandBraces(pattern: string): string[] {
  const done: string[] = []
  const open = [pattern]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const alternatives = expandFirst(next)
    if (alternatives === undefined) done.push(next)
    else open.push(...alternatives.reverse())
    if (open.length + done.length <= maxExpansions) continue
    throw new NexusError('invalid_argument', { op: 'glob', reason: `The braces of a pattern stand for at most ${maxExpansions} alternatives: ${pattern.slice(0, 80)}.` })
  }
  return done
}

/** The first brace that means something, written out; `undefined` when there is none. */
function expandFirst(pattern: string): string[] | undefined {
  for (let at = 0; at < pattern.length; at = afterToken(pattern, at)) {
    if (pattern[at] !== '{') continue
    const group = readGroup(pattern, at)
    if (group === undefined) continue
    const values = group.parts.length > 1 ? group.parts : range(group.parts[0] ?? '')
    if (values !== undefined) return values.map((value) => pattern.slice(0, at) + value + pattern.slice(group.end))
  }
  return undefined
}

/** The parts between `{` and its `}`; `undefined` when it is never closed. */
function readGroup(pattern: string, start: number): { parts: string[]; end: number } | undefined {
  const parts: string[] = []
  let depth = 0
  let from = start + 1
  for (let at = start; at < pattern.length; at = afterToken(pattern, at)) {
    const char = pattern[at]
    if (char === '{') depth++
    if (char === '}') depth--
    if ((char === ',' && depth === 1) || depth === 0) {
      parts.push(pattern.slice(from, at))
      from = at + 1
    }
    if (depth === 0) return { parts, end: at + 1 }
  }
  return undefined
}

/** Steps over one character, one escape or one class. */
function afterToken(pattern: string, at: number): number {
  if (pattern[at] === '\\') return at + 2
  if (pattern[at] !== '[') return at + 1
  return classEnd(pattern, at) ?? at + 1
}

/** First index after the `[class]` that begins at `at`; `undefined` when it is never closed (then `[` stands for itself). */
export function classEnd(pattern: string, at: number): number | undefined {
  let index = at + 1
  if (pattern[index] === '!' || pattern[index] === '^') index++
  if (pattern[index] === ']') index++
  for (; index < pattern.length && pattern[index] !== '/'; index++) {
    if (pattern[index] === ']') return index + 1
    if (pattern[index] === '\\') index++
    else if (pattern.startsWith('[:', index)) index = Math.max(index, pattern.indexOf(':]', index) + 1)
  }
  return undefined
}

function range(text: string): string[] | undefined {
  const match = /^(?:(-?\d{1,9})\.\.(-?\d{1,9})|([a-zA-Z])\.\.([a-zA-Z]))$/.exec(text)
  if (match === null) return undefined
  const [, low, high, first = '', last = ''] = match
  if (low !== undefined && high !== undefined) return sequence(Number(low), Number(high)).map((value) => padded(value, low, high))
  return sequence(first.charCodeAt(0), last.charCodeAt(0)).map((code) => String.fromCharCode(code))
}

/** One more than is allowed is enough to be refused. */
function sequence(from: number, to: number): number[] {
  const length = Math.min(Math.abs(to - from) + 1, maxExpansions + 1)
  return Array.from({ length }, (_, index) => (from <= to ? from + index : from - index))
}

/** `{01..10}` keeps its zeros, as in a shell. */
function padded(value: number, low: string, high: string): string {
  const width = [low, high].some((text) => /^-?0\d/.test(text)) ? Math.max(low.length, high.length) : 0
  const digits = String(Math.abs(value)).padStart(value < 0 ? width - 1 : width, '0')
  return value < 0 ? `-${digits}` : digits
}
