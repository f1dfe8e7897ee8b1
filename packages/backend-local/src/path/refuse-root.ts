import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { NexusError } from '@nexus/core/contract'
import { errnoOf } from './errors.ts'
import { findRepositoryAbove, isInside } from './nested.ts'

/**
 * Refuses a directory that nobody may mount: inside a repository, whose files are not what they seem, or inside Nexus' own state.
 * @param place Without links, as {@link toRealPath} gives it.
 * @throws NexusError `invalid_config` with the reason
 */
export function refuseRoot(place: string, { layout, privateDirectories }: { readonly layout: 'cas' | 'path'; readonly privateDirectories: readonly string[] }): void {
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_config', { op: 'mount', path: place, backend: 'local', reason })
  }
  const state = privateDirectories.map(toRealPath).find((directory) => isInside(place, directory))
  if (state !== undefined) refuse(`It lies in "${state}", where Nexus keeps its own state; mount another directory.`)
  const repository = findRepositoryAbove(layout === 'cas' ? dirname(place) : place)
  if (repository === place) refuse('It is a Nexus repository; mount it with layout=cas, or without a layout.')
  if (repository !== undefined) refuse(`It lies in the Nexus repository "${repository}"; mount that one instead.`)
}

/** The path without links, as far as it is there. */
export function toRealPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || path === dirname(path)) throw error
    return join(toRealPath(dirname(path)), basename(path))
  }
}
