import type { Backend, Entry, ListOptions } from '@nexus/core/contract'
import { isNexusError, parsePath } from '@nexus/core/contract'
import { expect } from 'vitest'
import type { MemoryStoreOptions } from '../src/memory-request.ts'
import { type MemoryStore, openMemoryStore } from '../src/memory-store.ts'
import type { ObjectStore } from '../src/object-store.ts'
import { type ObjectTreeOptions, openObjectTree } from '../src/tree/open-object-tree.ts'

/** UTF-8 of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A tree, and the store below it. */
export function openTree(options: MemoryStoreOptions = {}, treeOptions?: ObjectTreeOptions): { readonly store: MemoryStore; readonly tree: Backend } {
  const store = openMemoryStore(options)
  return { store, tree: openObjectTree(store, treeOptions) }
}

/** Puts objects past the tree; each holds its key, those named in `markers` nothing. */
export async function putObjects(store: ObjectStore, keys: readonly string[], markers: readonly string[] = []): Promise<void> {
  for (const key of keys) await store.put(key, bytes(key))
  for (const key of markers) await store.put(key, bytes(''))
}

/** Keys in the store. */
export async function keysIn(store: ObjectStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { objects } of store.list({ prefix: '' })) keys.push(...objects.map(({ key }) => key))
  return keys
}

/** All rows of a listing. */
export async function entriesIn(tree: Backend, path: string, options?: ListOptions): Promise<Entry[]> {
  return Array.fromAsync(tree.list(parsePath(path), options))
}

/** Paths of a listing; directories end in `/`. */
export async function pathsIn(tree: Backend, path: string, options?: ListOptions): Promise<string[]> {
  return (await entriesIn(tree, path, options)).map((entry) => (entry.kind === 'directory' ? `${entry.path}/` : entry.path))
}

/** Text of a file. */
export async function textOf(tree: Backend, path: string): Promise<string> {
  return (await tree.read(parsePath(path))).text()
}

/** The requests that a call makes, by verb. */
export async function requestsOf(store: MemoryStore, call: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = { ...store.requests }
  await call()
  const made = Object.entries(store.requests).map(([verb, count]) => [verb, count - before[verb as keyof typeof before]] as const)
  return Object.fromEntries(made.filter(([, count]) => count > 0))
}

/** The NexusError that a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<{ readonly code: string; readonly path: string | undefined; readonly op: string | undefined; readonly reason: string }> {
  const error: unknown = await call.then(() => undefined, (failure: unknown) => failure)
  if (isNexusError(error)) return error
  return expect.unreachable(`Expected a NexusError, not ${String(error)}.`)
}
