import type { HttpAnswer } from '../http/messages.ts'

/** An answer in JSON. */
export function jsonAnswer(value: unknown, { status = 200, headers = {} }: { readonly status?: number; readonly headers?: Record<string, string> } = {}): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8', ...headers }, body: JSON.stringify(value) }
}

/** An error of the service, and how each of its two APIs tells it. */
export interface Refusal {
  readonly status: number
  /** `errors[0].reason` of the JSON API. */
  readonly reason: string
  /** `Code` of the XML API. */
  readonly code: string
  readonly message: string
}

/** Thrown by the double's rules; the router makes an answer of it. */
export class GcsRefusal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** The JSON API's errors (https://cloud.google.com/storage/docs/json_api/v1/status-codes); a failed media download is told as text. */
export function jsonRefusal({ status, reason, message }: Refusal, { asText = false }: { readonly asText?: boolean } = {}): HttpAnswer {
  if (asText) return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: message }
  return jsonAnswer({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } }, { status })
}

/** The XML API's errors (https://cloud.google.com/storage/docs/xml-api/reference-status). */
export function xmlRefusal({ status, code, message }: Refusal): HttpAnswer {
  const body = `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${message.replace(/[<&]/g, '')}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml; charset=UTF-8' }, body }
}

/** 400, for whatever the reference does not allow. */
export const invalid = (message: string): GcsRefusal => new GcsRefusal({ status: 400, reason: 'invalid', code: 'InvalidArgument', message })

/** 404 for an object. */
export const noSuchObject = (bucket: string, name: string): GcsRefusal =>
  new GcsRefusal({ status: 404, reason: 'notFound', code: 'NoSuchKey', message: `No such object: ${bucket}/${name}` })

/** 404 for a bucket. */
export const noSuchBucket = (): GcsRefusal =>
  new GcsRefusal({ status: 404, reason: 'notFound', code: 'NoSuchBucket', message: 'The specified bucket does not exist.' })

/** 412. */
export const conditionNotMet = (): GcsRefusal =>
  new GcsRefusal({ status: 412, reason: 'conditionNotMet', code: 'PreconditionFailed', message: 'At least one of the pre-conditions you specified did not hold.' })
