import { decodeSegment } from './escape.ts'
import { compareUtf8 } from './paths.ts'

const encoder = new TextEncoder()

/**
 * Whether any name of a path or key is shown escaped (see `escape.ts`). Storage may list such a name where the bytes stand that it stands for; all
 * others stand everywhere in the order of what is shown.
 */
export function holdsEscaped(key: string): boolean {
  return key.includes('%') && key.split('/').some(isEscaped)
}

/** What an escape stands for is shorter than what is shown. */
function isEscaped(segment: string): boolean {
  return segment.includes('%') && decodeSegment(segment).length < encoder.encode(segment).length
}

/**
 * The order of two keys where any storage lists both by UTF-8 bytes, a directory as `name/`; `undefined` where it depends on the storage, because one
 * of the names in which they differ is shown escaped.
 */
export function compareShown(left: string, right: string): number | undefined {
  if (left.includes('%') || right.includes('%')) {
    const names = firstDifference(left, right)
    // A directory stands before what is in it wherever it stands.
    if (!names.includes('') && names.some(isEscaped)) return undefined
  }
  return compareUtf8(left, right)
}

/**
 * The order of a walk that gives, in each directory, the names that are shown escaped behind all others: it can be had from every storage without
 * holding more than these names. Else by UTF-8 bytes, a directory as `name/`.
 */
export function compareEscapedLast(left: string, right: string): number {
  if (left.includes('%') || right.includes('%')) {
    const [one, other] = firstDifference(left, right)
    if (isEscaped(one) !== isEscaped(other)) return isEscaped(one) ? 1 : -1
  }
  return compareUtf8(left, right)
}

/** The names in which two keys differ first; empty for a directory that the other one lies in. */
function firstDifference(left: string, right: string): readonly [string, string] {
  let start = 0
  for (let index = 0; index < left.length && left[index] === right[index]; index++) if (left[index] === '/') start = index + 1
  return [segmentAt(left, start), segmentAt(right, start)]
}

function segmentAt(key: string, start: number): string {
  const end = key.indexOf('/', start)
  return end === -1 ? key.slice(start) : key.slice(start, end)
}
