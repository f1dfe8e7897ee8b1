import { compareUtf8, type Metadata, NexusError } from '@nexus/core/contract'
import type { ObjectInfo, ObjectVersion, PutOptions } from './object-store.ts'

/** One state of an object; `bytes` is never changed and never leaves but as a copy. */
export interface MemoryObject {
  readonly info: ObjectInfo & { readonly metadata: Metadata }
  readonly bytes: Uint8Array
}

/** What is kept under keys, with the states before where versions are kept. */
export interface MemoryObjects {
  readonly find: (key: string, version?: string) => MemoryObject | undefined
  readonly store: (key: string, bytes: Uint8Array, attributes: Pick<PutOptions, 'contentType' | 'metadata'>) => MemoryObject
  readonly remove: (key: string) => void
  /** By their UTF-8 bytes. */
  readonly sortedKeys: () => readonly string[]
  /** Newest first. */
  readonly states: (key: string) => readonly ObjectVersion[]
}

/** Objects in memory, none yet. Every state gets an etag and a number of its own. */
export function createObjects({ now, keepsVersions }: { readonly now: () => number; readonly keepsVersions: boolean }): MemoryObjects {
  const current = new Map<string, MemoryObject>()
  const past = new Map<string, MemoryObject[]>()
  let sorted: readonly string[] | undefined
  let sequence = 0

  const find: MemoryObjects['find'] = (key, version) => {
    return version === undefined ? current.get(key) : past.get(key)?.find(({ info }) => info.version === version)
  }
  const store: MemoryObjects['store'] = (key, bytes, { contentType, metadata = {} }) => {
    const number = String(++sequence)
    const version = keepsVersions ? { version: number } : {}
    const info = { key, sizeBytes: bytes.length, etag: `"${number}"`, modifiedAt: new Date(now()), contentType, metadata: { ...metadata }, ...version }
    const object = { info, bytes }
    if (!current.has(key)) sorted = undefined
    current.set(key, object)
    if (keepsVersions) past.set(key, [object, ...(past.get(key) ?? [])])
    return object
  }
  const remove = (key: string): void => {
    if (current.delete(key)) sorted = undefined
  }
  const states: MemoryObjects['states'] = (key) => {
    return (past.get(key) ?? []).map(({ info }) => ({ ...toInfo(info), version: info.version ?? '', isCurrent: current.get(key)?.info === info }))
  }
  return { find, store, remove, states, sortedKeys: () => (sorted ??= [...current.keys()].sort(compareUtf8)) }
}

/** A copy that the caller may change. */
export function toInfo(info: MemoryObject['info']): ObjectInfo {
  return { ...info, modifiedAt: new Date(info.modifiedAt), metadata: { ...info.metadata } }
}

/** The part of the bytes that a range asks for, clamped. @throws NexusError `invalid_argument` */
export function cutRange(bytes: Uint8Array, range: { readonly offset: number; readonly length: number } | undefined, place: { readonly op: string; readonly path: string }): Uint8Array {
  if (range === undefined) return bytes
  if (![range.offset, range.length].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new NexusError('invalid_argument', { ...place, reason: `A range counts bytes in whole numbers from 0 on; this one is ${JSON.stringify(range)}.` })
  }
  return bytes.subarray(range.offset, range.offset + range.length)
}
