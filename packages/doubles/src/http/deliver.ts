import type { ServerResponse } from 'node:http'
import type { LateAction } from './faults.ts'
import { answerBytes, type HttpAnswer } from './messages.ts'

/** What delivering an answer needs besides it. */
export interface Delivery {
  readonly answer: HttpAnswer
  readonly action: LateAction | undefined
  /** A HEAD request has the headers of the body, and not the body. */
  readonly bodiless: boolean
}

/** Sends the answer, or as much of it as the fault lets through. @returns Bytes of the body that were sent. */
export async function deliver(response: ServerResponse, { answer, action, bodiless }: Delivery): Promise<number> {
  const body = answerBytes(answer)
  if (action?.kind === 'lose' || (action?.kind === 'stall' && action.headers === false)) return silence(response, action)
  response.writeHead(answer.status, headersOf(answer, body))
  const sent = bodiless ? new Uint8Array() : body
  switch (action?.kind) {
    case 'cut':
      return cut(response, sent.subarray(0, action.afterBytes), action.how)
    case 'stall':
      response.flushHeaders()
      response.write(sent.subarray(0, action.afterBytes))
      return Math.min(sent.length, action.afterBytes)
    case 'slow':
      return slowly(response, sent, action.bytesPerSecond)
    default:
      response.end(sent)
      return sent.length
  }
}

function silence(response: ServerResponse, action: LateAction): number {
  if (action.kind === 'lose') response.socket?.resetAndDestroy()
  return 0
}

function headersOf(answer: HttpAnswer, body: Uint8Array): Record<string, string> {
  const headers: Record<string, string> = { ...answer.headers }
  const mayHaveBody = answer.status !== 204 && answer.status !== 304 && answer.status >= 200
  if (mayHaveBody && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-length')) headers['content-length'] = String(body.length)
  return headers
}

async function cut(response: ServerResponse, part: Uint8Array, how: 'reset' | 'end'): Promise<number> {
  response.flushHeaders()
  await new Promise<void>((resolve) => response.write(part, () => {
    resolve()
  }))
  if (how === 'reset') response.socket?.resetAndDestroy()
  else response.socket?.end()
  return part.length
}

async function slowly(response: ServerResponse, body: Uint8Array, bytesPerSecond: number): Promise<number> {
  response.flushHeaders()
  for (let at = 0; at < body.length; at += 1) {
    if (response.destroyed) return at
    response.write(body.subarray(at, at + 1))
    await pause(response, 1000 / bytesPerSecond)
  }
  response.end()
  return body.length
}

/** Ends early when the client goes away. */
async function pause(response: ServerResponse, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      response.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    response.on('close', done)
  })
}
