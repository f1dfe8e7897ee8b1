import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { encodeSegment, type MountSpec, parsePath, parseUri, type Path, rootPath } from '@nexus/core/contract'
import { hostDirectory } from './host-directory.ts'
import type { HostOperand } from './operand.ts'

/** A mount for one command, and where in it the operand lies. */
export interface UriMount {
  /** What is mounted. */
  readonly uri: string
  /** The operand, seen from the mount's root. */
  readonly inner: Path
  /** How a path below the mount is written so that a person can use it again. */
  readonly shown: (inner: string) => string
}

/** From where a URI is looked at. */
export interface UriPlace {
  readonly workingDirectory: string
  /** The command changes the name itself (`rm`, `mv`), so what holds a directory is mounted, not the directory. */
  readonly changesNames?: boolean | undefined
}

/**
 * Finds what to mount for a URI that names a file or directory. `local`: the repository or directory that holds it; other schemes: the
 * authority (a bucket), and the rest is the path.
 * @throws NexusError `invalid_config`, `invalid_path`
 */
export function mountForUri(uri: string, place: UriPlace): UriMount {
  const spec = parseUri(uri, { cwd: place.workingDirectory })
  return spec.scheme === 'local' ? localMount(spec, place) : remoteMount(spec)
}

/** A directory of this machine as a mount of its own, whether it is there or not. */
export function mountForHost({ hostPath, text }: HostOperand): UriMount {
  const written = text.length > 1 ? text.replace(/\/+$/, '') : text
  return { uri: `local://${escapeUri(hostPath)}?layout=path`, inner: rootPath, shown: (inner) => (inner === '/' ? written : (written === '/' ? '' : written) + inner) }
}

/**
 * The places along a URI's path where something of its own may stand, the longest first; without the authority, which {@link mountForUri} gives.
 * None for `local`, whose repositories it finds by itself.
 */
export function mountsAlongUri(uri: string, { workingDirectory }: UriPlace): UriMount[] {
  const spec = parseUri(uri, { cwd: workingDirectory })
  const names = spec.path.split('/').filter((name) => name !== '')
  return names.map((_, index) => remoteMount(spec, names.slice(0, names.length - index), names.slice(names.length - index)))
}

/** The authority, or the prefix below it that `names` are, as a mount. */
function remoteMount(spec: MountSpec, names: readonly string[] = [], rest: readonly string[] = [spec.path]): UriMount {
  const query = queryOf(spec.uri)
  const base = `${spec.scheme}://${[spec.authority, ...names].map(escapeUri).join('/')}`
  return { uri: base + query, inner: parsePath(`/${rest.join('/')}`), shown: (inner) => (inner === '/' ? base : base + inner) + query }
}

function localMount(spec: MountSpec, { workingDirectory, changesNames }: UriPlace): UriMount {
  const { authority } = spec
  const wanted = hostDirectory(authority, workingDirectory)
  const root = repositoryAbove(wanted) ?? (spec.options['layout'] === 'cas' ? wanted : nearestDirectory(changesNames === true ? dirname(wanted) : wanted))
  const names = relative(root, wanted).split(sep).filter((name) => name !== '')
  const inner = names.length === 0 ? rootPath : parsePath(`/${names.map((name) => encodeSegment(Buffer.from(name))).join('/')}`)
  const query = queryOf(spec.uri)
  const written = escapeUri(writtenRoot(authority, names.length))
  const shown = (path: string): string => `local://${path === '/' ? written : (written === '/' ? '' : written) + path}${query}`
  return { uri: `local://${escapeUri(root)}${query}`, inner, shown }
}

/** The root as the person wrote it: without the last names; `.` and absolute paths stay readable. */
function writtenRoot(authority: string, dropped: number): string {
  let written = authority.length > 1 ? authority.replace(/\/+$/, '') : authority
  for (let index = 0; index < dropped; index++) written = dirname(written)
  return written === '' ? '/' : written
}

function repositoryAbove(start: string): string | undefined {
  for (let directory = start; ; directory = dirname(directory)) {
    if (isRepository(directory)) return directory
    if (dirname(directory) === directory) return undefined
  }
}

function isRepository(directory: string): boolean {
  const file = join(directory, 'nexus.json')
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true && readFileSync(file, 'utf8').includes('"nexus-repository"')
}

function nearestDirectory(start: string): string {
  for (let directory = start; ; directory = dirname(directory)) {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return directory
    if (dirname(directory) === directory) return directory
  }
}

function queryOf(uri: string): string {
  const mark = uri.indexOf('?')
  return mark === -1 ? '' : uri.slice(mark)
}

/** A part of a URI with what would end it escaped. */
export function escapeUri(text: string): string {
  return text.replace(/[%?#]/g, encodeURIComponent)
}
