import type { PutOptions } from '@nexus/object-storage'
import type { Place } from './context.ts'
import { failure } from './errors.ts'
import { parseEtag } from './object-info.ts'

type Query = Readonly<Record<string, string>>

/** The generation and metageneration behind an etag. @throws NexusError `precondition_failed` for one that no state of ours ever had */
export function parseMatch(etag: string, place: Place): { readonly generation: string; readonly metageneration: string } {
  const parsed = parseEtag(etag)
  if (parsed === undefined) throw failure('precondition_failed', place)
  return parsed
}

/** Conditions on the object that a request writes. */
export function conditionQuery(condition: PutOptions['condition'], place: Place): Query {
  if (condition === undefined) return {}
  return condition === 'absent' ? { ifGenerationMatch: '0' } : matchQuery(condition.ifMatch, place)
}

/** The condition that an object has this etag. */
export function matchQuery(etag: string, place: Place): Query {
  const { generation, metageneration } = parseMatch(etag, place)
  return { ifGenerationMatch: generation, ifMetagenerationMatch: metageneration }
}

/** The same for the source of a copy. */
export function sourceMatchQuery(etag: string, place: Place): Query {
  const { generation, metageneration } = parseMatch(etag, place)
  return { ifSourceGenerationMatch: generation, ifSourceMetagenerationMatch: metageneration }
}
