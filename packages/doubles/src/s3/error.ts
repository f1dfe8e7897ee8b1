import type { HttpAnswer } from '../http/messages.ts'
import { element, xmlDocument } from './xml.ts'

/** An error that S3 answers: code and status as its published list has them. */
export class S3Failure extends Error {
  override readonly name: string = 'S3Failure'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, options: { readonly message?: string; readonly headers?: Readonly<Record<string, string>> } = {}) {
    super(options.message ?? code)
    this.status = status
    this.code = code
    this.headers = options.headers ?? {}
  }
}

/** The error document. A 304, and what answers a HEAD, has none. */
export function toErrorAnswer(failure: S3Failure, resource: string): HttpAnswer {
  if (failure.status === 304) return { status: 304, headers: failure.headers }
  const body = xmlDocument(
    'Error',
    [element('Code', failure.code), element('Message', failure.message), element('Resource', resource), element('RequestId', 'double')].join(''),
  )
  return { status: failure.status, headers: { 'content-type': 'application/xml', ...failure.headers }, body }
}
