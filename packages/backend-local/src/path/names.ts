import { decodeSegment, encodeSegment, NexusError, type Path, pathSegments } from '@nexus/core/contract'

/** A name as the operating system takes it: text where its UTF-8 is the name, else the very bytes. */
export type FileName = string | Buffer

/** Directory at the root of a mount that holds Nexus' attributes of the files, hidden from everybody. */
export const attributesName = '.nexus-attributes'

/** Beginning of the names of files on their way to their place, hidden everywhere. */
export const temporaryPrefix = '.nexus-tmp-'

const plain = /^[\x20-\x24\x26-\x7e]+$/

/**
 * The names to walk from the root to `path`, escapes undone.
 * @throws NexusError `invalid_path` for names that no directory holds (`%2E%2E`, `%2F`) and those that Nexus keeps for itself.
 */
export function toFileNames(path: Path): FileName[] {
  return pathSegments(path).map((segment, depth) => {
    if (isOwnName(segment, depth)) refuse(`"${segment}" is a name that Nexus keeps for itself; choose another one.`)
    return segment.includes('%') ? toBytes(segment) : checkPlatform(segment)
  })
}

/** The segment under which a name of a directory is shown. */
export function toSegment(name: FileName): string {
  if (typeof name === 'string') return plain.test(name) && name !== '.' && name !== '..' ? name : encodeSegment(Buffer.from(name))
  return encodeSegment(name)
}

/** Whether Nexus keeps this name for itself; `depth` 0 is directly below the root. */
export function isOwnName(segment: string, depth: number): boolean {
  const first = segment.charCodeAt(0)
  if (first !== 0x2e) return false
  return segment.startsWith(temporaryPrefix) || (depth === 0 && segment === attributesName)
}

/** `prefix` (which ends in `/`) and a name. */
export function joinName(prefix: FileName, name: FileName): FileName {
  if (typeof prefix === 'string' && typeof name === 'string') return prefix + name
  return Buffer.concat([Buffer.from(prefix), Buffer.from(name)])
}

function toBytes(segment: string): FileName {
  const raw = Buffer.from(decodeSegment(segment))
  const text = raw.toString('latin1')
  if (text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0')) {
    refuse(`"${segment}" stands for a name that no local directory can hold.`)
  }
  const utf8 = raw.toString()
  return Buffer.from(utf8).equals(raw) ? checkPlatform(utf8) : raw
}

/** On Windows some characters lead out of the directory, or to a stream or device. */
function checkPlatform(name: string): string {
  if (process.platform === 'win32' && /[\\:*?"<>|]|[. ]$/.test(name)) refuse(`Windows cannot hold the name "${name}".`)
  return name
}

function refuse(reason: string): never {
  throw new NexusError('invalid_path', { reason })
}
