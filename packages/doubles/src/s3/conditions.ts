import { S3Failure } from './error.ts'
import type { S3Behaviour, StoredVersion } from './state.ts'

type Headers = Readonly<Record<string, string>>

/** `If-Match` and `If-None-Match` of a read. @throws S3Failure `PreconditionFailed`, or a 304 */
export function checkReadConditions(headers: Headers, { etag }: StoredVersion): void {
  const match = headers['if-match']
  if (match !== undefined && !fits(match, etag)) throw new S3Failure(412, 'PreconditionFailed')
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined && fits(noneMatch, etag)) throw new S3Failure(304, 'NotModified', { headers: { etag: `"${etag}"` } })
}

/** The same of a write, as the service behaves. @throws S3Failure `PreconditionFailed`, `NoSuchKey`, `NotImplemented` */
export function checkWriteConditions(headers: Headers, current: StoredVersion | undefined, behaviour: S3Behaviour): void {
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) checkAbsent(noneMatch, current, behaviour)
  const match = headers['if-match']
  if (match !== undefined) checkMatch(match, current, behaviour)
}

function checkAbsent(noneMatch: string, current: StoredVersion | undefined, { ifNoneMatch }: S3Behaviour): void {
  if (noneMatch !== '*' || ifNoneMatch === 'not-implemented') throw new S3Failure(501, 'NotImplemented', { message: 'If-None-Match' })
  if (ifNoneMatch === 'native' && current !== undefined) throw new S3Failure(412, 'PreconditionFailed')
}

function checkMatch(match: string, current: StoredVersion | undefined, { ifMatch }: S3Behaviour): void {
  if (ifMatch === 'not-implemented') throw new S3Failure(501, 'NotImplemented', { message: 'If-Match' })
  if (ifMatch === 'ignores') return
  if (current === undefined) throw new S3Failure(404, 'NoSuchKey')
  if (ifMatch === 'refuses' || !fits(match, current.etag)) throw new S3Failure(412, 'PreconditionFailed')
}

/** `x-amz-copy-source-if-match`. @throws S3Failure `PreconditionFailed` */
export function checkSourceConditions(headers: Headers, source: StoredVersion): void {
  const match = headers['x-amz-copy-source-if-match']
  if (match !== undefined && !fits(match, source.etag)) throw new S3Failure(412, 'PreconditionFailed')
}

/** `If-Match` of DeleteObject: an absent object is `NoSuchKey` (Amazon S3 user guide, "conditional deletes"). */
export function checkDeleteCondition(match: string | undefined, current: StoredVersion | undefined, { ifMatch }: S3Behaviour): void {
  if (match === undefined || ifMatch === 'ignores') return
  if (ifMatch === 'not-implemented') throw new S3Failure(501, 'NotImplemented', { message: 'If-Match' })
  if (current === undefined) throw new S3Failure(404, 'NoSuchKey')
  if (ifMatch === 'refuses' || !fits(match, current.etag)) throw new S3Failure(412, 'PreconditionFailed')
}

function fits(condition: string, etag: string): boolean {
  return condition === '*' || condition.split(',').some((one) => one.trim().replace(/^"(.*)"$/, '$1') === etag)
}
