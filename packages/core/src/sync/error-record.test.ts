import { expect, it } from 'vitest'
import { CloudCredentialError, NexusError } from '../contract/errors.ts'
import { fromErrorRecord, toErrorRecord } from './error-record.ts'

/** There and back, as between threads. */
function crossed(error: unknown): NexusError {
  return fromErrorRecord(structuredClone(toErrorRecord(error, 'verb')))
}

it('a NexusError keeps what it knows, and the message and code of its cause', () => {
  const cause = Object.assign(new RangeError('EIO'), { code: 'EIO' })
  const error = new NexusError('rate_limited', { op: 'read', path: '/a', backend: 's3', reason: 'Slow down.', retryAfterMs: 5, cause })
  const copy = crossed(error)
  expect(copy).toBeInstanceOf(NexusError)
  expect(copy).toMatchObject({ code: 'rate_limited', op: 'read', path: '/a', backend: 's3', reason: 'Slow down.', retryAfterMs: 5, message: error.message })
  expect(copy.cause).toMatchObject({ name: 'RangeError', message: 'EIO', code: 'EIO', stack: cause.stack })
})

it('a CloudCredentialError stays one', () => {
  const copy = crossed(new CloudCredentialError([{ place: 'env', problem: 'not set' }]))
  expect(copy).toBeInstanceOf(CloudCredentialError)
  expect(copy).toMatchObject({ code: 'unauthenticated', looked: [{ place: 'env', problem: 'not set' }] })
})

it('what is no NexusError becomes the cause of an unexpected one', () => {
  expect(crossed(new TypeError('x is not a function'))).toMatchObject({ code: 'unexpected', op: 'verb', cause: { name: 'TypeError', message: 'x is not a function' } })
  expect(crossed('a string')).toMatchObject({ code: 'unexpected', cause: { message: 'a string' } })
})
