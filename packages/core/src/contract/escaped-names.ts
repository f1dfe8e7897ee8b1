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
 * The order of a walk that gives, in each directory, the names that are shown escaped behind all others: it can be had from every storage without
 * holding more than these names. Else by UTF-8 bytes, a directory as `name/`.
 */
export function compareEscapedLast(left: string, right: string): number {
  const order = compareUtf8(left, right)
  if (!left.includes('%') && !right.includes('%')) return order
  const start = startOfDifference(left, right)
  const [isLeft, isRight] = [isEscaped(segmentAt(left, start)), isEscaped(segmentAt(right, start))]
  return isLeft === isRight ? order : isLeft ? 1 : -1
}

/** Where the first segment begins that is not the same in both. */
function startOfDifference(left: string, right: string): number {
  let start = 0
  for (let index = 0; index < left.length && left[index] === right[index]; index++) if (left[index] === '/') start = index + 1
  return start
}

function segmentAt(key: string, start: number): string {
  const end = key.indexOf('/', start)
  return end === -1 ? key.slice(start) : key.slice(start, end)
}
