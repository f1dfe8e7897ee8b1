import { decodeSegment, encodeSegment, NexusError, type Path, pathSegments } from '@nexus/core/contract'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const plain = /^[\x20-\x24\x26-\x7e]+$/

/** The key that a path stands for, escapes undone; empty for the root. @throws NexusError `invalid_path` for what no key can be */
export function toKey(path: Path): string {
  return pathSegments(path).map(toName).join('/')
}

/** Beginning of the keys below a directory, and the key of its marker; empty for the root. @throws NexusError `invalid_path` */
export function toPrefix(path: Path): string {
  return path === '/' ? '' : `${toKey(path)}/`
}

/** A relative key as `startAfter` spells it, with or without a `/` at its end. @throws NexusError `invalid_path` */
export function toRelativeKey(spelt: string): string {
  return spelt.split('/').map(toName).join('/')
}

/** The segment under which a part of a key is shown. */
export function toSegment(name: string): string {
  return plain.test(name) && name !== '.' && name !== '..' ? name : encodeSegment(encoder.encode(name))
}

/** Whether an object says that a directory is there, and nothing else: S3's consoles make such. */
export function isMarker({ key, sizeBytes }: { readonly key: string; readonly sizeBytes: number }): boolean {
  return sizeBytes === 0 && key.endsWith('/')
}

function toName(segment: string): string {
  if (!segment.includes('%')) return segment
  const name = decode(segment)
  if (name?.includes('/') === false) return name
  throw new NexusError('invalid_path', { reason: `"${segment}" stands for a name that no key can have; write the name that you mean, or "%25" for the "%".` })
}

function decode(segment: string): string | undefined {
  try {
    return decoder.decode(decodeSegment(segment))
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
