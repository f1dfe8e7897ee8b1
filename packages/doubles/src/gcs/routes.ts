import type { HttpRequest } from '../http/messages.ts'

/** What a request is called, in the log too. */
export type RouteKind =
  | 'token' | 'metadata' | 'batch' | 'none'
  | 'buckets.get'
  | 'objects.list' | 'objects.insert' | 'objects.get' | 'objects.delete' | 'objects.patch' | 'objects.compose' | 'objects.rewrite' | 'objects.copy'
  | 'upload.continue'
  | 'xml.get' | 'xml.put'

/** A request's kind, and the names in its path, decoded. */
export interface Route {
  readonly kind: RouteKind
  readonly bucket: string
  readonly name: string
  readonly targetBucket: string
  readonly targetName: string
}

const routes: readonly { readonly method: string; readonly path: RegExp; readonly kind: RouteKind }[] = [
  { method: 'POST', path: /^\/token$/, kind: 'token' },
  { method: 'GET', path: /^\/computeMetadata\/v1\/instance\/service-accounts\/default\/token$/, kind: 'metadata' },
  { method: 'POST', path: /^\/batch\/storage\/v1$/, kind: 'batch' },
  { method: 'POST', path: /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/, kind: 'objects.insert' },
  { method: 'PUT', path: /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/, kind: 'upload.continue' },
  { method: 'DELETE', path: /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/, kind: 'upload.continue' },
  { method: 'GET', path: /^\/storage\/v1\/b\/([^/]+)$/, kind: 'buckets.get' },
  { method: 'GET', path: /^\/storage\/v1\/b\/([^/]+)\/o$/, kind: 'objects.list' },
  { method: 'GET', path: /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, kind: 'objects.get' },
  { method: 'DELETE', path: /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, kind: 'objects.delete' },
  { method: 'PATCH', path: /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, kind: 'objects.patch' },
  { method: 'POST', path: /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/compose$/, kind: 'objects.compose' },
  { method: 'POST', path: /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/rewriteTo\/b\/([^/]+)\/o\/([^/]+)$/, kind: 'objects.rewrite' },
  { method: 'POST', path: /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/copyTo\/b\/([^/]+)\/o\/([^/]+)$/, kind: 'objects.copy' },
  { method: 'GET', path: /^\/(?!storage\/|upload\/|batch\/|computeMetadata\/|token$)([^/]+)\/(.+)$/, kind: 'xml.get' },
  { method: 'PUT', path: /^\/(?!storage\/|upload\/|batch\/|computeMetadata\/|token$)([^/]+)\/(.+)$/, kind: 'xml.put' },
]

/** Finds the method of the API that a request calls, by the path as it stood on the request line. */
export function matchRoute({ method, target }: Pick<HttpRequest, 'method' | 'target'>): Route {
  const [path = ''] = target.split('?')
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null
    if (match === null) continue
    const [bucket = '', name = '', targetBucket = '', targetName = ''] = match.slice(1).map(decodeURIComponent)
    return { kind: route.kind, bucket, name, targetBucket, targetName }
  }
  return { kind: 'none', bucket: '', name: '', targetBucket: '', targetName: '' }
}
