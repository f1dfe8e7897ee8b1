import type { ObjectInfo } from '@nexus/object-storage'
import type { GcsContext, Place } from './context.ts'
import { failure } from './errors.ts'
import { member } from './read-refusal.ts'

/** What is asked of an object's resource; the rest stays away. */
export const objectFields = 'name,size,generation,metageneration,updated,contentType,contentEncoding,metadata,crc32c'

/** What others may have said of an object besides content type and attributes: a copy that is told anything is to be told this too. */
export const carriedFields = ['cacheControl', 'contentDisposition', 'contentEncoding', 'contentLanguage', 'customTime', 'storageClass'] as const

/** An object's resource, checked. */
export interface ObjectResource {
  readonly info: ObjectInfo
  readonly generation: string
  readonly metageneration: string
  /** Base64, where it is told. */
  readonly crc32c: string | undefined
  readonly isCurrent: boolean
}

/** Reads an object resource. @throws NexusError of `code` when it is none: `outcome_unknown` after a change, `unavailable` after a question */
export function toResource({ keepsVersions }: Pick<GcsContext, 'keepsVersions'>, value: unknown, { place, code }: { readonly place: Place; readonly code: 'outcome_unknown' | 'unavailable' }): ObjectResource {
  const text = (name: string): string => {
    const found = member(value, name)
    return typeof found === 'string' ? found : ''
  }
  const [name, size, generation, metageneration] = [text('name'), text('size'), text('generation'), text('metageneration')]
  const modifiedAt = toSeconds(text('updated'))
  if (name === '' || ![size, generation, metageneration].every((number) => /^\d+$/.test(number)) || Number.isNaN(modifiedAt.getTime())) {
    throw failure(code, place, 'The service answered with something that is no object: its name, size, generation or time is missing.')
  }
  const contentType = text('contentType')
  const crc32c = text('crc32c')
  const info: ObjectInfo = {
    key: name,
    sizeBytes: Number(size),
    etag: toEtag(generation, metageneration),
    modifiedAt,
    ...(contentType !== '' && { contentType }),
    metadata: toMetadata(member(value, 'metadata')),
    ...(keepsVersions && { version: generation }),
  }
  return { info, generation, metageneration, crc32c: crc32c === '' ? undefined : crc32c, isCurrent: member(value, 'timeDeleted') === undefined }
}

/** Those of {@link carriedFields} that a resource has, as it spells them. */
export function carriedOf(value: unknown): Record<string, string> {
  return Object.fromEntries(carriedFields.map((name) => [name, member(value, name)] as const).filter((pair): pair is [typeof pair[0], string] => typeof pair[1] === 'string'))
}

/** Whole seconds: a download tells the time no finer, and the same state has the same time wherever it is told. */
export function toSeconds(text: string): Date {
  return new Date(Math.floor(Date.parse(text) / 1000) * 1000)
}

function toMetadata(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** The validator of a state: content and attributes count. */
export function toEtag(generation: string, metageneration: string): string {
  return `${BigInt(generation).toString(36)}-${BigInt(metageneration).toString(36)}`
}

/** @returns `undefined` for an etag that this backend never gave */
export function parseEtag(etag: string): { readonly generation: string; readonly metageneration: string } | undefined {
  const match = /^([0-9a-z]{1,13})-([0-9a-z]{1,13})$/.exec(etag)
  const [, generation, metageneration] = match ?? []
  return generation === undefined || metageneration === undefined ? undefined : { generation: fromBase36(generation), metageneration: fromBase36(metageneration) }
}

function fromBase36(text: string): string {
  let value = 0n
  for (const digit of text) value = value * 36n + BigInt(parseInt(digit, 36))
  return value.toString()
}
