import { statSync } from 'node:fs'
import { join } from 'node:path'
import { encodeSegment, joinPath, NexusError, type Path } from '@nexus/core/contract'
import { isDirectory } from '../is-directory.ts'
import type { Operand } from '../paths/operand.ts'
import type { Session } from '../session.ts'

/** The target of a copy: what was written, and its path in the session where it is one of Nexus. */
export interface CopyTarget {
  readonly operand: Operand
  readonly path?: Path | undefined
  /** Sources go inside it. */
  readonly isInto: boolean
}

/** Looks whether sources go into the target: it is a directory, or is written with `/` at its end. */
export async function lookAtTarget(session: Session, operand: Operand, { path, sources, signal }: { readonly path: Path | undefined; readonly sources: number; readonly signal: AbortSignal }): Promise<CopyTarget> {
  const isThere = operand.kind === 'host' ? statSync(operand.hostPath, { throwIfNoEntry: false })?.isDirectory() === true : path !== undefined && (await isDirectory(session, path, signal))
  const isInto = isThere || operand.text.endsWith('/')
  if (!isInto && sources > 1) throw new NexusError('not_directory', { op: 'cp', path: operand.text, reason: 'Several sources go into a directory, which this is not; write it with "/" at its end to have it made.' })
  return { operand, path, isInto }
}

/** The Nexus path that a source becomes. */
export function nexusTarget({ path, isInto }: CopyTarget, source: Operand): Path {
  const name = nameOf(source)
  if (path === undefined) throw new NexusError('unexpected', { op: 'cp', reason: 'The target has no path.' })
  if (!isInto || name === undefined) return path
  return joinPath(path, source.kind === 'host' ? encodeSegment(Buffer.from(name)) : name)
}

/** The path of this machine that a source becomes. */
export function hostTarget({ operand, isInto }: CopyTarget, source: Operand): string {
  const name = nameOf(source)
  if (operand.kind !== 'host') throw new NexusError('unexpected', { op: 'cp', reason: 'The target is no path of this machine.' })
  return isInto && name !== undefined ? join(operand.hostPath, name) : operand.hostPath
}

/** A source's last name; `undefined` for `.`, which means what is in it. */
function nameOf(source: Operand): string | undefined {
  const text = source.kind === 'uri' ? source.uri.replace(/\?.*$/, '').replace(/^[a-z][a-z0-9+.-]*:\/\//, '') : source.kind === 'host' ? source.text.replace(/^host:/, '') : source.path
  const name = text.replace(/\/+$/, '').split('/').at(-1) ?? ''
  return name === '' || name === '.' || name === '..' ? undefined : name
}
