import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { invalid, noSuchObject } from './answers.ts'
import { checkParameters, type ObjectPlace } from './check-request.ts'
import { checkConditions, conditionNames, numberIn } from './conditions.ts'
import { forget, retire } from './finish-object.ts'
import type { GcsObject } from './model.ts'
import { findObject } from './read-object.ts'
import { answerResource, toResource } from './resource.ts'
import { parseJson } from './uploads.ts'

/** `objects.delete` (https://cloud.google.com/storage/docs/json_api/v1/objects/delete): with a generation that one for good, else the live one. */
export function deleteObject(place: ObjectPlace, request: HttpRequest): HttpAnswer {
  checkParameters(request, ['generation', ...conditionNames])
  const generation = numberIn(request.url.searchParams, 'generation')
  const object = existing(place, request)
  if (generation === undefined) retire(place.state, place.bucket, place.name)
  else forget(place.bucket, object)
  return { status: 204 }
}

/** `objects.patch` (https://cloud.google.com/storage/docs/json_api/v1/objects/patch): `null` removes; the metageneration counts up. */
export function patchObject(place: ObjectPlace, request: HttpRequest): HttpAnswer {
  checkParameters(request, ['generation', 'projection', ...conditionNames])
  const object = existing(place, request)
  const { metadata, contentType, ...unknown } = parseJson(request.body)
  const [name] = Object.keys(unknown)
  if (name !== undefined) throw invalid(`This double patches no ${name}.`)
  if (typeof contentType === 'string') object.contentType = contentType
  if (metadata !== undefined) object.metadata = metadata === null ? {} : mergeMetadata(object.metadata, metadata as Record<string, string | null>)
  object.metageneration += 1
  object.updated = place.state.now()
  return answerResource(request, toResource(object))
}

function existing(place: ObjectPlace, request: HttpRequest): GcsObject {
  const object = findObject(place, numberIn(request.url.searchParams, 'generation'))
  if (object === undefined) throw noSuchObject(place.bucket.name, place.name)
  checkConditions(request.url.searchParams, object)
  return object
}

function mergeMetadata(kept: Record<string, string>, patch: Record<string, string | null>): Record<string, string> {
  const merged = Object.entries({ ...kept, ...patch }).filter((entry): entry is [string, string] => entry[1] !== null)
  return Object.fromEntries(merged)
}
