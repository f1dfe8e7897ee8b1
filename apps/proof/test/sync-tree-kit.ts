import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { openMemory } from '@nexus/backend-memory'
import { type Backend, createSlimNexusFS, mount, type MountedNexusFS, type MountSource, type SlimNexusFS, type SyncAction } from '@nexus/core'
import { openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { onTestFinished } from 'vitest'
import { kernelWith } from './kernel-support.ts'

/** Kinds of storage that a sync goes between. */
export const kinds = ['memory', 'cas', 'path', 'objects'] as const
export type Kind = (typeof kinds)[number]

/** Everything below a directory as text by relative path; directories end in `/`. */
export async function snapshotOf(fs: SlimNexusFS, directory: string): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  for await (const { path, kind } of fs.list(directory, { recursive: true })) {
    const key = path.slice(directory.length + 1)
    if (kind === 'directory') seen[`${key}/`] = ''
    else seen[key] = await fs.readText(path)
  }
  return seen
}

/** Calls that change something, counted at one backend. */
export interface Counted {
  readonly backend: Backend
  readonly writes: string[]
}

const writing = ['write', 'delete', 'mkdir', 'setMetadata', 'append', 'rename', 'copy', 'batch'] as const

/** Notes every call that changes something. */
export function countWrites(inner: Backend): Counted {
  const writes: string[] = []
  const noted = Object.fromEntries(writing.filter((verb) => inner[verb] !== undefined).map((verb) => [verb, (...args: unknown[]) => {
    writes.push(`${verb} ${String(args[0])}`)
    return (inner[verb] as (...given: unknown[]) => unknown)(...args)
  }]))
  return { backend: { ...inner, ...noted }, writes }
}

/** A filesystem with memory at `/from` and `/to`. */
export async function openPair({ source = openMemory(), target = openMemory() }: { readonly source?: Backend; readonly target?: Backend } = {}): Promise<SlimNexusFS> {
  return createSlimNexusFS(await kernelWith({ '/from': { backend: source }, '/to': { backend: target } }))
}

/** A filesystem with storage of these kinds at `/from` and `/to`, gone at the end of the test. */
export async function openKinds(from: Kind, to: Kind): Promise<MountedNexusFS> {
  const root = await mkdtemp(join(tmpdir(), 'nexus-sync-tree-'))
  const sourceOf = (kind: Kind, at: string): MountSource => {
    if (kind === 'memory') return { backend: openMemory(), at }
    if (kind === 'objects') return { backend: openObjectTree(openMemoryStore()), at }
    return { uri: `local://${root}${at}?layout=${kind}&durability=os`, at }
  }
  const fs = await mount(sourceOf(from, '/from'), sourceOf(to, '/to'), { ephemeral: true, backends: { local: localBackend } })
  onTestFinished(async () => {
    await fs.close()
    await rm(root, { recursive: true, force: true })
  })
  return fs
}

/** Actions in a form that two runs can be compared by. */
export function told(actions: readonly SyncAction[]): string[] {
  return actions.map(({ type, kind, path }) => `${type} ${path}${kind === 'directory' ? '/' : ''}`).sort()
}
