import { compareUtf8 } from '@nexus/core/contract'
import { type MemoryObject, type MemoryObjects, toInfo } from './memory-objects.ts'
import type { ListPagesOptions, ObjectInfo, ObjectPage } from './object-store.ts'

/** A page, and the key or prefix behind which the next one begins; `undefined` after the last. */
export interface CutPage {
  readonly page: ObjectPage
  readonly next: string | undefined
}

/** Which page. */
export interface Cut extends Pick<ListPagesOptions, 'prefix' | 'delimiter'> {
  /** Empty for the beginning. */
  readonly after: string
  readonly pageSize: number
  /** Whether listings tell content type, attributes and version. */
  readonly isFull: boolean
}

/** One page of what is kept now, of `pageSize` keys and prefixes at most. */
export function cutPage(objects: MemoryObjects, cut: Cut): CutPage {
  const found: { objects: ObjectInfo[]; prefixes: string[] } = { objects: [], prefixes: [] }
  let last = ''
  const keys = objects.sortedKeys()
  for (let index = firstFrom(keys, cut.prefix); index < keys.length; index++) {
    const key = keys[index] ?? ''
    if (!key.startsWith(cut.prefix)) break
    const name = rollUp(key, cut)
    if (name === last || compareUtf8(name, cut.after) <= 0) continue
    if (found.objects.length + found.prefixes.length === cut.pageSize) return { page: found, next: last }
    last = name
    if (name !== key || isRolledUp(key, cut)) found.prefixes.push(name)
    else found.objects.push(tell(objects.find(key), cut))
  }
  return { page: found, next: undefined }
}

/** The key, or with a delimiter the common prefix that stands for it. */
function rollUp(key: string, { prefix, delimiter }: Cut): string {
  const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
  return end === -1 ? key : key.slice(0, end + 1)
}

/** A key that ends in the delimiter behind the prefix is its own common prefix. */
function isRolledUp(key: string, { prefix, delimiter }: Cut): boolean {
  return delimiter !== undefined && key.indexOf(delimiter, prefix.length) !== -1
}

function tell(object: MemoryObject | undefined, { isFull }: Cut): ObjectInfo {
  if (object === undefined) throw new TypeError('A sorted key has no object.')
  const { key, sizeBytes, etag, modifiedAt } = object.info
  return isFull ? toInfo(object.info) : { key, sizeBytes, etag, modifiedAt: new Date(modifiedAt) }
}

/** Index of the first key that is not before `prefix`. */
function firstFrom(keys: readonly string[], prefix: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareUtf8(keys[middle] ?? '', prefix) < 0) low = middle + 1
    else high = middle
  }
  return low
}
