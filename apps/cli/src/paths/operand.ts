import { isAbsolute, join, resolve } from 'node:path'
import { isNexusError, isWithin, NexusError, parsePath, type Path } from '@nexus/core/contract'

/** What a person wrote where a command wants a file or directory. */
export type Operand =
  | { readonly kind: 'nexus'; readonly path: Path; readonly text: string }
  | { readonly kind: 'uri'; readonly uri: string; readonly text: string }
  | HostOperand

/** A file of this machine. */
export interface HostOperand {
  readonly kind: 'host'
  /** Absolute. */
  readonly hostPath: string
  readonly text: string
}

const uriLike = /^[a-z][a-z0-9+.-]*:\/\//

/**
 * Reads an operand of a command that works on Nexus paths: `/local/data/a`, `nexus:/local/data/a`, or a URI (`local://./data/a`).
 * @throws NexusError `invalid_path`, saying how to write what was probably meant.
 */
export function parseNexusOperand(text: string): Exclude<Operand, HostOperand> {
  if (uriLike.test(text)) return { kind: 'uri', uri: text, text }
  const path = text.startsWith('nexus:') ? text.slice('nexus:'.length) : text
  if (path.startsWith('/')) return { kind: 'nexus', path: parsePath(path), text }
  const reason = path === ''
    ? 'The path is empty. A Nexus path starts with "/"; `nexus-fs ls /` shows what there is.'
    : `A Nexus path starts with "/". For a directory of this machine write a URI: local://${path.startsWith('.') ? path : `./${path}`}`
  throw new NexusError('invalid_path', { path: text, reason })
}

/** Where operands of `cp` are looked up. */
export interface OperandPlace {
  readonly workingDirectory: string
  readonly homeDirectory: string
  readonly mountPoints: readonly Path[]
  /** Whether something is at this absolute path of this machine. */
  readonly existsOnHost: (hostPath: string) => boolean
}

/**
 * Reads an operand of `cp`, which may be a path of this machine: `./x`, `../x`, `x`, `~/x`, `host:/x`, or an absolute path that lies under no
 * mount and exists here (as a target: whose directory exists).
 * @throws NexusError `invalid_argument` when it could be both, `invalid_path`.
 */
export function parseCopyOperand(text: string, place: OperandPlace): Operand {
  if (uriLike.test(text) || text.startsWith('nexus:')) return parseNexusOperand(text)
  const marked = text.startsWith('host:')
  const written = marked ? text.slice('host:'.length) : text
  if (written === '') throw new NexusError('invalid_path', { op: 'cp', path: text, reason: 'The path is empty.' })
  const hostPath = written === '~' || written.startsWith('~/') ? join(place.homeDirectory, written.slice(1)) : resolve(place.workingDirectory, written)
  const host: HostOperand = { kind: 'host', hostPath, text }
  if (marked || !isAbsolute(written)) return host
  return isUnderMount(written, place.mountPoints) ? nexusUnlessBoth(host, place) : hostIfThere(host, place)
}

function nexusUnlessBoth({ hostPath, text }: HostOperand, { existsOnHost }: OperandPlace): Operand {
  if (!existsOnHost(hostPath)) return { kind: 'nexus', path: parsePath(text), text }
  const reason = `It is a path of this machine and lies under a mount too. Write host:${text} for this machine, nexus:${text} for Nexus.`
  throw new NexusError('invalid_argument', { op: 'cp', path: text, reason })
}

function hostIfThere(host: HostOperand, { existsOnHost }: OperandPlace): Operand {
  const { hostPath, text } = host
  if (existsOnHost(hostPath) || existsOnHost(resolve(hostPath, '..'))) return host
  return { kind: 'nexus', path: parsePath(text), text }
}

/** Whether a mount answers there, or it is a directory that leads to one. */
function isUnderMount(text: string, mountPoints: readonly Path[]): boolean {
  const path = pathOrNone(text)
  if (path === undefined) return false
  return path !== '/' && (isWithin(path, '/__sys__' as Path) || mountPoints.some((mountPoint) => isWithin(path, mountPoint) || isWithin(mountPoint, path)))
}

/** `/tmp/../x` and the like are fine for this machine and no path for Nexus. */
function pathOrNone(text: string): Path | undefined {
  try {
    return parsePath(text)
  } catch (error) {
    if (isNexusError(error, 'invalid_path')) return undefined
    throw error
  }
}
