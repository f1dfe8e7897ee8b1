import { answerBytes, type HttpAnswer, type HttpHandler, type HttpRequest } from '../http/messages.ts'
import { invalid } from './answers.ts'
import { parseHeaders, parseParts } from './uploads.ts'

const maxCalls = 100

/** `POST /batch/storage/v1` (https://cloud.google.com/storage/docs/batch): up to 100 calls without media, each answered for itself, in no promised order. */
export async function batch(request: HttpRequest, handle: HttpHandler): Promise<HttpAnswer> {
  const parts = parseParts(request)
  if (parts.length === 0 || parts.length > maxCalls) throw invalid(`The batch request has ${parts.length} calls; 1 to ${maxCalls} are allowed.`)
  const boundary = 'batch_of_the_double'
  const answers: string[] = []
  for (const part of parts) {
    if (part.headers['content-type'] !== 'application/http') throw invalid('Each part of a batch is application/http.')
    const answer = await handle(innerRequest(request, new TextDecoder().decode(part.body)))
    const id = part.headers['content-id']
    answers.push(`--${boundary}\r\nContent-Type: application/http\r\n${id === undefined ? '' : `Content-ID: ${id.replace('<', '<response-')}\r\n`}\r\n${serialize(answer)}\r\n`)
  }
  const body = `${answers.reverse().join('')}--${boundary}--\r\n`
  return { status: 200, headers: { 'content-type': `multipart/mixed; boundary=${boundary}` }, body }
}

function innerRequest(outer: HttpRequest, text: string): HttpRequest {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [requestLine = '', ...lines] = head.split('\r\n')
  const match = /^([A-Z]+) (\/\S+)(?: HTTP\/1\.1)?$/.exec(requestLine)
  const [, method, target] = match ?? []
  if (method === undefined || target === undefined) throw invalid(`Failed to parse the request line of a batched call: ${requestLine}`)
  if (target.startsWith('/upload/') || target.includes('alt=media')) throw invalid('A batch has no uploads and no downloads.')
  const headers = { ...(outer.headers['authorization'] !== undefined && { authorization: outer.headers['authorization'] }), ...parseHeaders(lines.join('\r\n')) }
  return { ...outer, method, target, url: new URL(target, outer.url.origin), headers, body: new TextEncoder().encode(rest.join('\r\n\r\n').trim()) }
}

function serialize(answer: HttpAnswer): string {
  const body = new TextDecoder().decode(answerBytes(answer))
  const headers = Object.entries({ ...answer.headers, 'content-length': String(body.length) }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${answer.status} ${answer.status < 300 ? 'OK' : 'Error'}\r\n${headers.join('')}\r\n${body}`
}
