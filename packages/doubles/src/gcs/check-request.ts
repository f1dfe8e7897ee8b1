import type { HttpRequest } from '../http/messages.ts'
import { GcsRefusal, invalid } from './answers.ts'
import type { GcsBucket, GcsState } from './model.ts'

/** What a request is about. */
export interface ObjectPlace {
  readonly state: GcsState
  readonly bucket: GcsBucket
  readonly name: string
}

const always = new Set(['alt', 'fields', 'prettyPrint', 'quotaUser', 'userProject', 'upload_id'])

/** Refuses a query parameter that the reference does not list for the method: a misspelt condition must never pass unnoticed. */
export function checkParameters(request: HttpRequest, known: readonly string[]): void {
  for (const name of request.url.searchParams.keys()) {
    if (!always.has(name) && !known.includes(name)) throw invalid(`Unknown query parameter: ${name}`)
  }
}

/** What a request does, for permissions. */
export type Permission = 'storage.objects.get' | 'storage.objects.list' | 'storage.objects.create' | 'storage.objects.delete' | 'storage.buckets.get'

/** Who asks: a caller with a token or a signature, or anybody. */
export interface Caller {
  readonly isKnown: boolean
}

/** @throws GcsRefusal 401 without credentials where they are needed, 403 where they do not suffice */
export function checkPermission(bucket: GcsBucket, { caller, permission, name }: { readonly caller: Caller; readonly permission: Permission; readonly name: string }): void {
  const isOpen = bucket.isPublic && (permission === 'storage.objects.get' || permission === 'storage.objects.list')
  if (!caller.isKnown && !isOpen) {
    throw new GcsRefusal({ status: 401, reason: 'required', code: 'AuthenticationRequired', message: `Anonymous caller does not have ${permission} access to the Google Cloud Storage ${name === '' ? 'bucket' : 'object'}.` })
  }
  const isDenied = bucket.deniedPrefixes.some((prefix) => name.startsWith(prefix)) || (bucket.hidesMetadata && permission === 'storage.buckets.get')
  if (isDenied) {
    throw new GcsRefusal({ status: 403, reason: 'forbidden', code: 'AccessDenied', message: `tester@nexus.iam.gserviceaccount.com does not have ${permission} access to the Google Cloud Storage object.` })
  }
}

/** Who sent a request; anybody is known where the double believes. @throws GcsRefusal 401 for a token that was never given, or whose time is over */
export function identify(state: GcsState, headers: Readonly<Record<string, string>>): Caller {
  if (state.believes) return { isKnown: true }
  const authorization = headers['authorization']
  if (authorization === undefined) return { isKnown: false }
  const endsAt = state.tokens.get(authorization.replace(/^Bearer /, ''))
  if (!authorization.startsWith('Bearer ') || endsAt === undefined || endsAt <= state.now()) {
    throw new GcsRefusal({ status: 401, reason: 'authError', code: 'AuthenticationRequired', message: 'Invalid Credentials' })
  }
  return { isKnown: true }
}
