import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deliver } from './deliver.ts'
import { createFaultScript, type EarlyAction, type FaultScript, type LateAction } from './faults.ts'
import { joinBytes } from './join-bytes.ts'
import type { HttpAnswer, HttpHandler, HttpRequest } from './messages.ts'

/** One request and what became of it. `status` is 0 where the connection was broken before an answer. */
export interface RequestRecord {
  readonly method: string
  readonly target: string
  /** What the double's rules call it: `GetObject`, `objects.list`; the method where they say nothing. */
  readonly kind: string
  readonly status: number
  readonly requestBytes: number
  readonly answerBytes: number
}

/** What was asked of a double: cleared by the test between its steps. */
export interface RequestLog {
  readonly records: readonly RequestRecord[]
  /** Requests of this kind; of all kinds without it. */
  count(kind?: string): number
  /** Bytes of bodies that came in and went out. */
  bytes(): { readonly received: number; readonly sent: number }
  clear(): void
  /** Connections that were open at once, at most, since the start. */
  readonly mostConnections: number
  /** Requests that were under way at once, at most, since the start or the last `clear`. */
  readonly mostConcurrent: number
}

/** A running HTTP server on 127.0.0.1, with faults by script. */
export interface HttpDouble {
  /** `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly url: string
  readonly faults: FaultScript
  readonly requests: RequestLog
  /** Breaks what is under way, and stops. */
  close(): Promise<void>
}

/** Rules of a service, and how they call a request in the log. */
export interface HttpDoubleOptions {
  readonly handle: HttpHandler
  readonly kindOf?: ((request: HttpRequest) => string) | undefined
}

interface State {
  readonly options: HttpDoubleOptions
  readonly faults: FaultScript
  records: RequestRecord[]
  number: number
  connections: number
  mostConnections: number
  concurrent: number
  mostConcurrent: number
}

/** Starts a double on a free port of 127.0.0.1. A failure of its own rules is answered with 500 and says so in the body. */
export async function startHttpDouble(options: HttpDoubleOptions): Promise<HttpDouble> {
  const faults = createFaultScript()
  const state: State = { options, faults, records: [], number: 0, connections: 0, mostConnections: 0, concurrent: 0, mostConcurrent: 0 }
  const server = createServer({ requestTimeout: 0 }, (request, response) => void serve(state, request, response))
  server.on('connection', (socket) => {
    state.connections += 1
    state.mostConnections = Math.max(state.mostConnections, state.connections)
    socket.on('close', () => (state.connections -= 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, faults, requests: logOf(state), close: () => stop(server) }
}

function logOf(state: State): RequestLog {
  return {
    get records() {
      return state.records
    },
    count: (kind) => state.records.filter((record) => kind === undefined || record.kind === kind).length,
    bytes: () => ({
      received: state.records.reduce((sum, { requestBytes }) => sum + requestBytes, 0),
      sent: state.records.reduce((sum, { answerBytes }) => sum + answerBytes, 0),
    }),
    clear: () => {
      state.records = []
      state.mostConcurrent = state.concurrent
    },
    get mostConnections() {
      return state.mostConnections
    },
    get mostConcurrent() {
      return state.mostConcurrent
    },
  }
}

async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.close((error) => {
      if (error === undefined) resolve()
      else reject(error)
    })
    server.closeAllConnections()
  })
}

async function serve(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  state.concurrent += 1
  state.mostConcurrent = Math.max(state.mostConcurrent, state.concurrent)
  try {
    const early = state.faults.takeEarly(toRequest(incoming, new Uint8Array(), state.number + 1))
    if (early !== undefined) {
      await strikeEarly(state, incoming, early)
      return
    }
    const body = await collect(incoming)
    // A client that went away in the middle of its body asked for nothing.
    if (body === undefined) return
    const request = toRequest(incoming, body, (state.number += 1))
    await answer(state, request, response)
  } finally {
    state.concurrent -= 1
  }
}

async function answer(state: State, request: HttpRequest, response: ServerResponse): Promise<void> {
  const action = state.faults.take(request)
  const record = { method: request.method, target: request.target, kind: state.options.kindOf?.(request) ?? request.method, requestBytes: request.body.length }
  if (action?.kind === 'refuse') {
    state.records.push({ ...record, status: 0, answerBytes: 0 })
    response.socket?.resetAndDestroy()
    return
  }
  const answered = await answerOf(state, request, action)
  const silent = action?.kind === 'lose' || (action?.kind === 'stall' && action.headers === false)
  const entry = { ...record, status: silent ? 0 : answered.status, answerBytes: 0 }
  // Before the last byte is sent: who has read it finds the record.
  state.records.push(entry)
  entry.answerBytes = await deliver(response, { answer: answered, action, bodiless: request.method === 'HEAD' })
}

async function answerOf({ options }: State, request: HttpRequest, action: LateAction | undefined): Promise<HttpAnswer> {
  if (action?.kind === 'answer') return action.answer
  if (action?.kind === 'redirect') return { status: action.status, headers: { location: new URL(request.target, action.baseUrl).href } }
  try {
    const answered = await options.handle(request)
    return action?.kind === 'change' ? action.change(answered) : answered
  } catch (error) {
    return { status: 500, headers: { 'content-type': 'text/plain' }, body: `The double itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }
  }
}

/** The client sees its request end, or not be taken, until it gives up. */
async function strikeEarly(state: State, incoming: IncomingMessage, action: EarlyAction): Promise<void> {
  const request = toRequest(incoming, new Uint8Array(), (state.number += 1))
  const entry = { method: request.method, target: request.target, kind: state.options.kindOf?.(request) ?? request.method, status: 0, requestBytes: 0, answerBytes: 0 }
  state.records.push(entry)
  incoming.on('error', () => undefined)
  if (action.kind === 'break') {
    incoming.on('data', (chunk: Uint8Array) => {
      entry.requestBytes += chunk.length
      if (entry.requestBytes >= action.afterBytes) incoming.socket.resetAndDestroy()
    })
    // A body that is shorter breaks at its end.
    incoming.on('end', () => incoming.socket.resetAndDestroy())
  }
  await new Promise<void>((resolve) => incoming.socket.once('close', () => { resolve() }))
}

/** @returns `undefined` when the client went away before the end. */
async function collect(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  return await new Promise((resolve) => {
    incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    incoming.on('end', () => { resolve(joinBytes(chunks)) })
    incoming.on('error', () => { resolve(undefined) })
    incoming.on('close', () => { resolve(undefined) })
  })
}

function toRequest(incoming: IncomingMessage, body: Uint8Array, number: number): HttpRequest {
  const headers: Record<string, string> = {}
  for (const [name, values] of Object.entries(incoming.headersDistinct)) headers[name] = (values ?? []).join(', ')
  const target = incoming.url ?? '/'
  return { method: incoming.method ?? 'GET', target, url: new URL(target, `http://${headers['host'] ?? '127.0.0.1'}`), headers, body, number }
}
