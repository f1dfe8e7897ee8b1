import type { Refusal } from './errors.ts'

/** Takes apart what the service says of a failure: JSON from one API, XML from the other, text for downloads, anything from servers in between. */
export function readRefusal({ status, text, headers }: { readonly status: number; readonly text: string; readonly headers: Headers }): Refusal {
  const location = headers.get('location')
  if (status >= 300 && status < 400 && location !== null) {
    return { status, reason: '', message: `it redirects to ${hostOf(location)}, and credentials follow no redirect`, retryAfterMs: undefined }
  }
  return { status, ...(fromJson(text) ?? fromXml(text) ?? { reason: '', message: isMarkup(text) ? '' : text.slice(0, 200).trim() }), retryAfterMs: parseRetryAfter(headers) }
}

function hostOf(location: string): string {
  return URL.canParse(location) ? new URL(location).host : 'another place'
}

function isMarkup(text: string): boolean {
  return text.trimStart().startsWith('<')
}

interface Told {
  readonly reason: string
  readonly message: string
}

function fromJson(text: string): Told | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  const error = member(parseJson(text), 'error')
  const errors = member(error, 'errors')
  const reason = member(Array.isArray(errors) ? errors[0] : undefined, 'reason')
  const message = member(error, 'message')
  return { reason: typeof reason === 'string' ? reason : '', message: typeof message === 'string' ? message : '' }
}

function fromXml(text: string): Told | undefined {
  const reason = /<Code>([^<]*)<\/Code>/.exec(text)?.[1]
  return reason === undefined ? undefined : { reason, message: /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? reason }
}

/** @returns `undefined` for what is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A property of an unknown value; `undefined` where there is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

/** Seconds; the service sends no dates there. */
function parseRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined
}
