import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { invalid, noSuchObject } from './answers.ts'
import { checkParameters, type ObjectPlace } from './check-request.ts'
import { checkConditions, conditionNames, numberIn, sourceConditionNames } from './conditions.ts'
import { finishObject } from './finish-object.ts'
import { type GcsObject, liveObject, nextNumber, type RewriteSession } from './model.ts'
import { findObject } from './read-object.ts'
import { answerResource, toResource } from './resource.ts'
import { parseJson } from './uploads.ts'

/** Where a copy goes; `name` of the place is the source. */
export interface CopyPlace extends ObjectPlace {
  readonly target: ObjectPlace
}

const parameters = ['sourceGeneration', 'projection', 'destinationPredefinedAcl', ...conditionNames, ...sourceConditionNames]

/** `objects.copy` (https://cloud.google.com/storage/docs/json_api/v1/objects/copy): in one call. */
export function copyObject(place: CopyPlace, request: HttpRequest): HttpAnswer {
  checkParameters(request, parameters)
  return answerResource(request, toResource(store(place, request, sourceOf(place, request))))
}

/** `objects.rewrite` (https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite): in as many calls as the bytes need, held together by a token. */
export function rewriteObject(place: CopyPlace, request: HttpRequest): HttpAnswer {
  checkParameters(request, ['rewriteToken', 'maxBytesRewrittenPerCall', ...parameters])
  const source = sourceOf(place, request)
  checkConditions(request.url.searchParams, liveObject(place.target.bucket, place.target.name))
  const { token, session } = sessionOf(place, request, source)
  session.rewrittenBytes = Math.min(source.bytes.length, session.rewrittenBytes + place.state.rewriteBytes)
  const progress = { kind: 'storage#rewriteResponse', totalBytesRewritten: String(session.rewrittenBytes), objectSize: String(source.bytes.length) }
  if (session.rewrittenBytes < source.bytes.length) return answerResource(request, { ...progress, done: false, rewriteToken: token })
  place.state.rewrites.delete(token)
  return answerResource(request, { ...progress, done: true, resource: toResource(store(place, request, source)) })
}

function sourceOf(place: ObjectPlace, request: HttpRequest): GcsObject {
  const source = findObject(place, numberIn(request.url.searchParams, 'sourceGeneration'))
  if (source === undefined) throw noSuchObject(place.bucket.name, place.name)
  checkConditions(request.url.searchParams, source, 'ifSource')
  return source
}

function sessionOf({ state, target }: CopyPlace, request: HttpRequest, source: GcsObject): { readonly token: string; readonly session: RewriteSession } {
  const given = request.url.searchParams.get('rewriteToken')
  const targetName = `${target.bucket.name}/${target.name}`
  if (given === null) {
    const token = `rewrite-${nextNumber(state)}`
    const session: RewriteSession = { source, target: targetName, rewrittenBytes: 0 }
    state.rewrites.set(token, session)
    return { token, session }
  }
  const session = state.rewrites.get(given)
  if (session?.source !== source || session.target !== targetName) throw invalid('The rewrite token is not of this source and target.')
  return { token: given, session }
}

/** An empty body keeps the source's attributes; a body replaces all of them. */
function store({ state, target }: CopyPlace, request: HttpRequest, source: GcsObject): GcsObject {
  const given = request.body.length === 0 ? {} : parseJson(request.body)
  const kept = { contentType: source.contentType, metadata: source.metadata, ...source.described }
  const attributes = { ...(Object.keys(given).length === 0 ? kept : given), name: target.name }
  return finishObject(state, target.bucket, { attributes, bytes: source.bytes, conditions: request.url.searchParams, componentCount: source.componentCount })
}

/** `objects.compose` (https://cloud.google.com/storage/docs/json_api/v1/objects/compose): up to 32 objects of the bucket, one behind the other. */
export function composeObject(place: ObjectPlace, request: HttpRequest): HttpAnswer {
  checkParameters(request, ['destinationPredefinedAcl', 'kmsKeyName', ...conditionNames])
  const { sourceObjects, destination } = parseJson(request.body)
  if (!Array.isArray(sourceObjects) || sourceObjects.length === 0 || sourceObjects.length > 32) throw invalid('A composition has 1 to 32 source objects.')
  const sources = sourceObjects.map((source: ComposeSource) => composeSource(place, source))
  const attributes = { ...(destination as object | undefined), name: place.name }
  const componentCount = sources.reduce((sum, source) => sum + (source.componentCount ?? 1), 0)
  const bytes = new Uint8Array(Buffer.concat(sources.map((source) => source.bytes)))
  return answerResource(request, toResource(finishObject(place.state, place.bucket, { attributes, bytes, conditions: request.url.searchParams, componentCount })))
}

interface ComposeSource {
  readonly name: string
  readonly generation?: string
  readonly objectPreconditions?: { readonly ifGenerationMatch?: string }
}

function composeSource({ bucket }: ObjectPlace, { name, generation, objectPreconditions }: ComposeSource): GcsObject {
  const source = findObject({ bucket, name }, generation === undefined ? undefined : Number(generation))
  if (source === undefined) throw noSuchObject(bucket.name, name)
  const wanted = objectPreconditions?.ifGenerationMatch
  if (wanted !== undefined) checkConditions(new URLSearchParams({ ifGenerationMatch: wanted }), source)
  return source
}
