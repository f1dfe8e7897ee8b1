import { type MountedNexusFS, type MountSource, NexusError, readMounts, rememberedSource, type RememberedMount, type TierSource, unavailableBackend } from '@nexus/core'
import { isWithin, parsePath, type Path, relativePath, underPath } from '@nexus/core/contract'
import type { Cli } from './cli.ts'
import { type Operand, parseNexusOperand } from './paths/operand.ts'
import { mountForHost, mountForUri, type UriMount } from './paths/uri-mount.ts'
import { type Reach, reachOf } from './mounts/reach-of.ts'
import { mount } from './with-local.ts'

/** A filesystem over the mounts that one command needs. */
export interface Session extends AsyncDisposable {
  readonly fs: MountedNexusFS
  /** The operands as paths of {@link Session.fs}, in order. */
  readonly paths: readonly Path[]
  /** A path of {@link Session.fs} as the person writes it: URIs given on the command line stay URIs. */
  readonly shown: (path: string) => string
  /** Whether anything is remembered at all. */
  readonly isEmpty: boolean
}

/** An operand of a command on Nexus paths. */
export type NexusOperand = Exclude<Operand, { readonly kind: 'host' }>

/** What a command touches. */
export interface SessionNeeds {
  /** It goes down into what lies below its operands, other mounts too. */
  readonly goesBelow?: boolean | undefined
  /** It changes the names of its operands themselves, as `rm` does. */
  readonly changesNames?: boolean | undefined
  /** A tier rule of the command itself, made from its operands. */
  readonly tier?: ((paths: readonly Path[]) => TierSource) | undefined
}

/** Reads operands and opens the mounts that they need, and no other. @throws NexusError as `mount()` does */
export async function openSession(cli: Cli, operands: readonly string[], needs: SessionNeeds = {}): Promise<Session> {
  return await openOperands(cli, operands.map(parseNexusOperand), needs)
}

/** {@link openSession} with operands that were read already; a directory of this machine is mounted as it is. */
export async function openOperands(cli: Cli, operands: readonly Operand[], { goesBelow = false, changesNames, tier }: SessionNeeds = {}): Promise<Session> {
  const given: { readonly at: Path; readonly uriMount: UriMount }[] = []
  const paths = operands.map((operand) => {
    if (operand.kind === 'nexus') return operand.path
    const uriMount = operand.kind === 'host' ? mountForHost(operand) : mountForUri(operand.uri, { workingDirectory: cli.workingDirectory, changesNames })
    const known = given.find((one) => one.uriMount.uri === uriMount.uri)
    const at = known?.at ?? parsePath(`/~uri${given.length + 1}`)
    if (known === undefined) given.push({ at, uriMount })
    return underPath(at, uriMount.inner)
  })
  const nexusPaths = operands.flatMap((operand) => (operand.kind === 'nexus' ? [operand.path] : []))
  const remembered = nexusPaths.length === 0 ? [] : await readMounts()
  const reach = reachOf(remembered, { nexusPaths, goesBelow, own: tier?.(paths) })
  const sources = [...given.map(({ at, uriMount }) => ({ uri: uriMount.uri, at })), ...remembered.flatMap((one) => sourceOf(one, { nexusPaths, goesBelow, reach }) ?? [])]
  // Storage that only some files lie in must not keep the others from being read.
  const skipUnavailable = reach.targets.length > 0 || nexusPaths.some((path) => isAboveMounts(path, remembered))
  const options = { ephemeral: true, allowShadow: true, skipUnavailable, tiers: reach.tiers, signal: cli.signal }
  const fs = await mount(...sources, options)
  const shown = (path: string): string => {
    const found = given.find(({ at }) => isWithin(path as Path, at))
    return found === undefined ? path : found.uriMount.shown(relativePath(path as Path, found.at))
  }
  cli.naming.shown = shown
  return { fs, paths, shown, isEmpty: remembered.length === 0, [Symbol.asyncDispose]: () => fs.close() }
}

/** A mount that the paths lie in is opened; one that lies below them is opened when the command goes there, else only its place is shown. */
function sourceOf(remembered: RememberedMount, { nexusPaths, goesBelow, reach }: { readonly nexusPaths: readonly Path[]; readonly goesBelow: boolean; readonly reach: Reach }): MountSource | undefined {
  const { mountPoint, name, readonly, priority, uri } = remembered
  const isSystem = nexusPaths.some((path) => isWithin(path, systemPath))
  const holdsPath = [...nexusPaths, ...reach.targets].some((path) => isWithin(path, mountPoint))
  const liesBelow = nexusPaths.some((path) => isWithin(mountPoint, path))
  if (holdsPath || isSystem || (goesBelow && liesBelow)) return rememberedSource(remembered)
  if (!liesBelow) return undefined
  return { backend: placeholder(uri), at: mountPoint, name, readonly, priority }
}

const systemPath = '/__sys__' as Path

/** Stands where a mount is that this command does not touch. */
export function placeholder(uri: string): ReturnType<typeof unavailableBackend> {
  return unavailableBackend(uri.slice(0, uri.indexOf(':')), 'This command does not open it.')
}

/** Then a mount that is out of reach must not keep the others from being shown. */
function isAboveMounts(path: Path, remembered: readonly RememberedMount[]): boolean {
  return isWithin(path, systemPath) || !remembered.some(({ mountPoint }) => isWithin(path, mountPoint))
}

/** The one operand of a command that takes one. @throws NexusError `unexpected` never in practice: the command line is checked before */
export function onlyPath({ paths }: Session): Path {
  const [path] = paths
  if (path === undefined) throw new NexusError('unexpected', { reason: 'A command was run without its path.' })
  return path
}
