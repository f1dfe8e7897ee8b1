import { NexusError } from './errors.ts'
import { decodeSegment } from './escape.ts'

declare const pathBrand: unique symbol

/**
 * A checked path: absolute, `/`-separated, NFC, no empty, `.` or `..` segment, no control characters, at most 255 bytes a
 * segment and 4,096 in all. Only {@link parsePath} and the functions of this file make one. The root is `/`.
 */
export type Path = string & { readonly [pathBrand]: 'Path' }

/** The root of a namespace or of a backend. */
export const rootPath = '/' as Path

const maxSegmentBytes = 255
const maxPathBytes = 4096
// Printable ASCII without `%`, no empty and no dotted-only segment: the paths that need no further look.
const plain = /^(?:\/(?!\.{1,2}(?:\/|$))[\x20-\x24\x26-\x2e\x30-\x7e]{1,255})+$/
 
const control = /[\u0000-\u001f\u007f-\u009f]/

/**
 * Checks what a user wrote. One trailing `/` is allowed and dropped, so that a listing's `name/` can be given back.
 * @throws NexusError `invalid_path` with the reason.
 */
export function parsePath(input: string): Path {
  // Callers without types exist: a path that comes from JSON may be anything.
  const given: unknown = input
  if (typeof given === 'string' && given.length <= 255 && plain.test(given)) return given as Path
  return parseSlowly(given)
}

function parseSlowly(input: unknown): Path {
  if (typeof input !== 'string') throw new NexusError('invalid_path', { reason: `A path is a string, not ${typeof input}.` })
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_path', { path: input.length > 300 ? `${input.slice(0, 300)}...` : input, reason })
  }
  if (!input.startsWith('/')) return refuse('A path starts with "/".')
  if (input === '/') return rootPath
  if (input.length > maxPathBytes * 3) return refuse(`A path has at most ${maxPathBytes} bytes.`)
  const normal = (input.endsWith('/') ? input.slice(0, -1) : input).normalize('NFC')
  const bad = control.exec(normal)
  if (bad !== null) return refuse(`A path has no control characters; there is U+${bad[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()} at ${bad.index}.`)
  if (!normal.isWellFormed()) return refuse('A path is well-formed Unicode; there is half of a surrogate pair.')
  let totalBytes = 0
  for (const segment of normal.slice(1).split('/')) {
    if (segment === '') return refuse('A path has no empty segment ("//").')
    if (segment === '.' || segment === '..') return refuse(`A path has no "${segment}" segment; write where it leads.`)
    const bytes = segmentBytes(segment)
    if (bytes > maxSegmentBytes) return refuse(`A segment has at most ${maxSegmentBytes} bytes; "${segment.slice(0, 20)}..." has ${bytes}.`)
    totalBytes += bytes + 1
  }
  if (totalBytes > maxPathBytes) return refuse(`A path has at most ${maxPathBytes} bytes; this one has ${totalBytes}.`)
  return normal as Path
}

/** Escaped names (see `escape.ts`) are measured by what they stand for, so that what `list` showed can be given back. */
function segmentBytes(segment: string): number {
  return segment.includes('%') ? decodeSegment(segment).length : utf8Length(segment)
}

function utf8Length(text: string): number {
  let bytes = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3
  }
  return bytes
}

/** `/a/b` and `c` give `/a/b/c`; `name` is one segment of a checked path. */
export function joinPath(directory: Path, name: string): Path {
  return (directory === '/' ? `/${name}` : `${directory}/${name}`) as Path
}

/** The directory that holds `path`; the root holds itself. */
export function parentPath(path: Path): Path {
  const slash = path.lastIndexOf('/')
  return (slash <= 0 ? '/' : path.slice(0, slash)) as Path
}

/** The last segment; empty for the root. */
export function baseName(path: Path): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The segments from the root down; none for the root. */
export function pathSegments(path: Path): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

/** Whether `path` is `ancestor` itself or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor === '/' || path === ancestor || (path.startsWith(ancestor) && path.charCodeAt(ancestor.length) === 47)
}

/** `path` as seen from `ancestor`, which it must lie within: `/a/b/c` from `/a` is `/b/c`. */
export function relativePath(path: Path, ancestor: Path): Path {
  if (ancestor === '/') return path
  return (path.length === ancestor.length ? '/' : path.slice(ancestor.length)) as Path
}

/** The inverse of {@link relativePath}: `/b/c` below `/a` is `/a/b/c`. */
export function underPath(ancestor: Path, path: Path): Path {
  if (ancestor === '/') return path
  return (path === '/' ? ancestor : ancestor + path) as Path
}

/** Compares two names or keys by their UTF-8 bytes, which is S3's order (and differs from UTF-16 order beyond U+FFFF). */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a === b) continue
    // Surrogates (U+10000 and above) sort after the rest of the basic plane in UTF-8.
    const aSurrogate = a >= 0xd800 && a < 0xe000
    const bSurrogate = b >= 0xd800 && b < 0xe000
    return aSurrogate === bSurrogate ? a - b : aSurrogate ? 1 : -1
  }
  return left.length - right.length
}

/** The name by which an entry is ordered: a directory compares as `name/`. */
export function sortName(entry: { readonly name: string; readonly kind: 'file' | 'directory' }): string {
  return entry.kind === 'directory' ? `${entry.name}/` : entry.name
}
