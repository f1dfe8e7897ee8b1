import { conditionNotMet, invalid } from './answers.ts'
import type { GcsObject } from './model.ts'

/** Query parameters that hold for the object that a request changes or reads. */
export const conditionNames: readonly string[] = ['ifGenerationMatch', 'ifGenerationNotMatch', 'ifMetagenerationMatch', 'ifMetagenerationNotMatch']

/** The same for the source of a copy. */
export const sourceConditionNames: readonly string[] = ['ifSourceGenerationMatch', 'ifSourceGenerationNotMatch', 'ifSourceMetagenerationMatch', 'ifSourceMetagenerationNotMatch']

/**
 * Checks the conditions in a query (https://cloud.google.com/storage/docs/request-preconditions); generation 0 stands for absence.
 * @param prefix `if`, or `ifSource`.
 */
export function checkConditions(query: URLSearchParams, object: GcsObject | undefined, prefix: 'if' | 'ifSource' = 'if'): void {
  const generation = object?.generation ?? 0
  const metageneration = object?.metageneration
  const wanted = (name: string): number | undefined => numberIn(query, prefix + name)
  const [match, notMatch, metaMatch, metaNotMatch] = ['GenerationMatch', 'GenerationNotMatch', 'MetagenerationMatch', 'MetagenerationNotMatch'].map(wanted)
  if (match !== undefined && match !== generation) throw conditionNotMet()
  if (notMatch !== undefined && notMatch === generation) throw conditionNotMet()
  if (metaMatch !== undefined && metaMatch !== metageneration) throw conditionNotMet()
  if (metaNotMatch !== undefined && metaNotMatch === metageneration) throw conditionNotMet()
}

/** The XML API has the same conditions as headers. */
export function conditionsInHeaders(headers: Readonly<Record<string, string>>): URLSearchParams {
  const query = new URLSearchParams()
  const generation = headers['x-goog-if-generation-match']
  const metageneration = headers['x-goog-if-metageneration-match']
  if (generation !== undefined) query.set('ifGenerationMatch', generation)
  if (metageneration !== undefined) query.set('ifMetagenerationMatch', metageneration)
  return query
}

/** A whole number of the query; `undefined` where it is absent. */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d+$/.test(text)) throw invalid(`Invalid value for ${name}: ${text}`)
  return Number(text)
}
