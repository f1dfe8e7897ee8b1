import { type CallOptions, isNexusError, type NexusError, outcomeOf } from '@nexus/core/contract'
import type { GcsContext } from './context.ts'
import { failure, isObjectAbsent, toNexusError } from './errors.ts'
import { objectPath } from './keys.ts'
import { randomBoundary } from './put.ts'
import { readRefusal } from './read-refusal.ts'
import { readText, sendOnce } from './send.ts'

/** Calls in one batch at most (https://cloud.google.com/storage/docs/batch). */
export const maxBatchCalls = 100

/**
 * Deletes up to 100 objects in one request; what failed for a reason that may pass goes into the next attempt alone.
 * @returns What failed, by key: each call of a batch stands for itself.
 */
export async function batchDelete(context: GcsContext, keys: readonly string[], { signal }: CallOptions): Promise<ReadonlyMap<string, NexusError>> {
  const failed = new Map<string, NexusError>()
  let left = keys
  try {
    await context.policy.run({ op: 'delete', kind: 'write', repeat: 'always', changes: true, signal, attempts: context.attempts.calls }, async (attemptSignal) => {
      const outcome = await deleteOnce(context, left, attemptSignal)
      for (const key of left) failed.delete(key)
      for (const [key, error] of outcome) failed.set(key, error)
      left = left.filter((key) => outcomeOf(outcome.get(key)) !== 'final')
      const [first] = left
      if (first !== undefined) throw outcome.get(first) ?? failure('unexpected', { op: 'delete', key: first })
    })
  } catch (error) {
    if (signal?.aborted === true || !isNexusError(error)) throw error
    // A batch that fails as a whole leaves each of its keys in doubt.
    for (const key of left) failed.set(key, failed.get(key) ?? error)
  }
  return failed
}

async function deleteOnce(context: GcsContext, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, NexusError>> {
  const boundary = randomBoundary(context)
  const calls = keys.map((key, index) => `--${boundary}\r\nContent-Type: application/http\r\nContent-ID: <${index}>\r\n\r\nDELETE ${objectPath(context.config, key)} HTTP/1.1\r\n\r\n\r\n`)
  const request = {
    method: 'POST',
    path: '/batch/storage/v1',
    headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
    body: `${calls.join('')}--${boundary}--\r\n`,
    place: { op: 'delete', key: keys[0] ?? '' },
    effect: 'change',
    signal,
  } as const
  const response = await sendOnce(context, request)
  if (response === undefined) throw failure('unexpected', request.place)
  const answers = parseAnswers(response.headers.get('content-type') ?? '', await readText(response, request))
  return new Map(keys.flatMap((key, index) => {
    const error = failureOf(key, answers.get(index))
    return error === undefined ? [] : [[key, error]]
  }))
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** An answer that is missing says nothing of what happened. */
function failureOf(key: string, answer: Answer | undefined): NexusError | undefined {
  const place = { op: 'delete', key }
  if (answer === undefined) return failure('outcome_unknown', place, 'The service answered for other objects of the batch, and not for this one.')
  if (answer.status >= 200 && answer.status < 300) return undefined
  const refusal = readRefusal(answer)
  return isObjectAbsent(refusal) ? undefined : toNexusError(refusal, place, 'change')
}

/** Answers by the number of their call; they come in any order. */
function parseAnswers(contentType: string, text: string): ReadonlyMap<number, Answer> {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1]
  if (boundary === undefined) return new Map()
  const found = new Map<number, Answer>()
  for (const part of text.split(`--${boundary}`)) {
    const match = /^\r\n([\s\S]*?)\r\n\r\nHTTP\/1\.\d (\d{3})[^\r]*\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part)
    const [, outer = '', status, inner = '', body = ''] = match ?? []
    const id = /content-id:\s*<?response-(\d+)>?/i.exec(outer)?.[1]
    if (status !== undefined && id !== undefined) found.set(Number(id), { status: Number(status), headers: parseHeaders(inner), text: body.trim() })
  }
  return found
}

function parseHeaders(text: string): Headers {
  const lines = text.split('\r\n').filter((line) => line.includes(':'))
  return new Headers(lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
}
