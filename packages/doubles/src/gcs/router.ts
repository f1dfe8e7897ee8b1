import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { GcsRefusal, jsonAnswer, jsonRefusal, noSuchBucket, xmlRefusal } from './answers.ts'
import { batch } from './batch.ts'
import { deleteObject, patchObject } from './change-object.ts'
import { type Caller, checkParameters, checkPermission, identify, type ObjectPlace, type Permission } from './check-request.ts'
import { composeObject, copyObject, rewriteObject } from './copy-object.ts'
import { finishObject } from './finish-object.ts'
import { serviceAccountPublicKey } from './identities.ts'
import { listObjects } from './list-objects.ts'
import type { GcsBucket, GcsState } from './model.ts'
import { downloadObject, getObject } from './read-object.ts'
import { answerResource, toResource } from './resource.ts'
import { continueResumable } from './resumable.ts'
import { matchRoute, type Route } from './routes.ts'
import { checkSignature, isSigned } from './signed-url.ts'
import { metadataServer, tokenEndpoint } from './tokens.ts'
import { insert } from './uploads.ts'

/** The service's rules: one request in, one answer out. */
export async function answerGcs(state: GcsState, request: HttpRequest): Promise<HttpAnswer> {
  const route = matchRoute(request)
  try {
    return await dispatch(state, request, route)
  } catch (error) {
    if (!(error instanceof GcsRefusal)) throw error
    if (route.kind.startsWith('xml.')) return xmlRefusal(error.refusal)
    return jsonRefusal(error.refusal, { asText: request.url.searchParams.get('alt') === 'media' })
  }
}

async function dispatch(state: GcsState, request: HttpRequest, route: Route): Promise<HttpAnswer> {
  switch (route.kind) {
    case 'token':
      return tokenEndpoint(state, request, serviceAccountPublicKey())
    case 'metadata':
      return metadataServer(state, request)
    case 'batch':
      return batch(request, (inner) => answerGcs(state, inner))
    case 'upload.continue':
      return continueResumable(state, request)
    case 'none':
      return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found' }
    default:
      return storageAnswer(state, request, route)
  }
}

const permissions: Readonly<Record<string, Permission>> = {
  'buckets.get': 'storage.buckets.get',
  'objects.list': 'storage.objects.list',
  'objects.get': 'storage.objects.get',
  'objects.rewrite': 'storage.objects.get',
  'objects.copy': 'storage.objects.get',
  'xml.get': 'storage.objects.get',
  'objects.delete': 'storage.objects.delete',
}

function storageAnswer(state: GcsState, request: HttpRequest, route: Route): HttpAnswer {
  const caller = callerOf(state, request)
  const place = placeOf(state, route.bucket, route.name)
  const name = route.kind === 'objects.list' ? (request.url.searchParams.get('prefix') ?? '') : route.name
  checkPermission(place.bucket, { caller, permission: permissions[route.kind] ?? 'storage.objects.create', name })
  switch (route.kind) {
    case 'buckets.get':
      return getBucket(place.bucket, request)
    case 'objects.list':
      return listObjects(place, request)
    case 'objects.insert':
      return insertAllowed(place, request, caller)
    case 'objects.get':
      return getObject(place, request)
    case 'objects.delete':
      return deleteObject(place, request)
    case 'objects.patch':
      return patchObject(place, request)
    case 'objects.compose':
      return composeObject(place, request)
    case 'xml.get':
      return downloadObject(place, request)
    case 'xml.put':
      return uploadObject(place, request)
    default:
      return copyAnswer(place, request, { route, caller })
  }
}

function copyAnswer(place: ObjectPlace, request: HttpRequest, { route, caller }: { readonly route: Route; readonly caller: Caller }): HttpAnswer {
  const target = placeOf(place.state, route.targetBucket, route.targetName)
  checkPermission(target.bucket, { caller, permission: 'storage.objects.create', name: target.name })
  return route.kind === 'objects.copy' ? copyObject({ ...place, target }, request) : rewriteObject({ ...place, target }, request)
}

/** The name of an upload stands in its query or its metadata, so its permission is asked when it is known. */
function insertAllowed(place: ObjectPlace, request: HttpRequest, caller: Caller): HttpAnswer {
  const denied = place.bucket.deniedPrefixes.find((prefix) => request.url.searchParams.get('name')?.startsWith(prefix) === true || new TextDecoder().decode(request.body.subarray(0, 4096)).includes(`"name":"${prefix}`))
  if (denied !== undefined) checkPermission(place.bucket, { caller, permission: 'storage.objects.create', name: denied })
  return insert(place, request)
}

function callerOf(state: GcsState, request: HttpRequest): Caller {
  if (!isSigned(request)) return identify(state, request.headers)
  checkSignature(state, request, serviceAccountPublicKey())
  return { isKnown: true }
}

function placeOf(state: GcsState, bucketName: string, name: string): ObjectPlace {
  const bucket = state.buckets.get(bucketName)
  if (bucket === undefined) throw noSuchBucket()
  return { state, bucket, name }
}

/** `buckets.get` (https://cloud.google.com/storage/docs/json_api/v1/buckets/get), as much of it as is asked for. */
function getBucket(bucket: GcsBucket, request: HttpRequest): HttpAnswer {
  checkParameters(request, ['projection', 'ifMetagenerationMatch', 'ifMetagenerationNotMatch'])
  return answerResource(request, {
    kind: 'storage#bucket',
    name: bucket.name,
    versioning: { enabled: bucket.versioning },
    ...(bucket.lifecycleRules.length > 0 && { lifecycle: { rule: bucket.lifecycleRules } }),
  })
}

/** `PUT Object` of the XML API, which signed URLs lead to. */
function uploadObject({ state, bucket, name }: ObjectPlace, request: HttpRequest): HttpAnswer {
  const attributes = { name, contentType: request.headers['content-type'] }
  const object = finishObject(state, bucket, { attributes, bytes: request.body, conditions: new URLSearchParams(), hashHeader: request.headers['x-goog-hash'] })
  const { etag } = toResource(object)
  return { ...jsonAnswer({}), headers: { etag: String(etag), 'x-goog-generation': String(object.generation) }, body: '' }
}
