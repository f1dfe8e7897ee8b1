import { answerBytes, type HttpAnswer, type HttpRequest } from './messages.ts'

/** What goes wrong with one request. All but `answer`, `redirect`, `refuse`, `break` and `ignore` let the service's rules run first, so that the request takes effect. */
export type FaultAction =
  /** The service's rules never see the request. */
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  /** The client is sent to the same path of another base URL; the service's rules never see the request. */
  | { readonly kind: 'redirect'; readonly baseUrl: string; readonly status: number }
  /** The request takes effect and something else is answered: {@link shortened}, {@link lengthened}, {@link damaged}, or one's own. */
  | { readonly kind: 'change'; readonly change: (answer: HttpAnswer) => HttpAnswer }
  /** After so many bytes of the body the connection is reset, or ended as if that were all. Headers promise the whole body. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly how: 'reset' | 'end' }
  /** The body comes at this pace. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** After so many bytes of the body nothing comes any more; with `headers: false` nothing comes at all. */
  | { readonly kind: 'stall'; readonly afterBytes: number; readonly headers?: false | undefined }
  /** The request takes effect and the connection breaks before the first byte of the answer. */
  | { readonly kind: 'lose' }
  /** The connection breaks before the service's rules see the request. */
  | { readonly kind: 'refuse' }
  | EarlyAction

/** What strikes a request before its body has come; `when` sees none of it. */
export type EarlyAction =
  /** The connection is reset after so many bytes of the body. */
  | { readonly kind: 'break'; readonly afterBytes: number }
  /** The body is not taken, and nothing is answered. */
  | { readonly kind: 'ignore' }

/** What strikes a request that has come as a whole. */
export type LateAction = Exclude<FaultAction, EarlyAction>

/** A fault and the requests that it strikes. */
export interface Fault {
  /** Every request when absent. */
  readonly when?: ((request: HttpRequest) => boolean) | undefined
  /** So many matching requests pass before the first is struck; default 0. */
  readonly skip?: number | undefined
  /** So many matching requests are struck; default 1. */
  readonly times?: number | undefined
  readonly action: FaultAction
}

/** The faults that wait, and how often one struck: a test that never met its fault proves nothing. */
export interface FaultScript {
  add(fault: Fault): void
  clear(): void
  /** Requests struck since the start or the last `clear`. */
  readonly struck: number
  /** Takes the fault that strikes this request, the oldest first. */
  take(request: HttpRequest): LateAction | undefined
  /** The same before its body has come. */
  takeEarly(request: HttpRequest): EarlyAction | undefined
}

/** @returns A script without faults. */
export function createFaultScript(): FaultScript {
  let waiting: { readonly fault: Fault; skip: number; times: number }[] = []
  let struck = 0
  const strike = <A extends FaultAction>(request: HttpRequest, choose: (action: FaultAction) => A | undefined): A | undefined => {
    for (const entry of waiting) {
      const action = choose(entry.fault.action)
      if (action === undefined || entry.times === 0 || entry.fault.when?.(request) === false) continue
      if (entry.skip > 0) {
        entry.skip -= 1
        continue
      }
      entry.times -= 1
      struck += 1
      return action
    }
    return undefined
  }
  return {
    get struck() {
      return struck
    },
    add: (fault) => void waiting.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }),
    clear: () => {
      waiting = []
      struck = 0
    },
    take: (request) => strike(request, (action) => (isEarly(action) ? undefined : action)),
    takeEarly: (request) => strike(request, (action) => (isEarly(action) ? action : undefined)),
  }
}

function isEarly(action: FaultAction): action is EarlyAction {
  return action.kind === 'break' || action.kind === 'ignore'
}

/** The answer with its last bytes missing; the length in the headers agrees, so that only size or checksum tell. */
export const shortened = (bytes: number): ((answer: HttpAnswer) => HttpAnswer) => (answer) => {
  const body = answerBytes(answer)
  return withBody(answer, body.subarray(0, Math.max(0, body.length - bytes)))
}

/** The answer with zeros behind it; the length in the headers agrees. */
export const lengthened = (bytes: number): ((answer: HttpAnswer) => HttpAnswer) => (answer) => {
  const body = answerBytes(answer)
  const longer = new Uint8Array(body.length + bytes)
  longer.set(body)
  return withBody(answer, longer)
}

/** The answer with one byte changed, in the middle unless `at` says where. */
export const damaged = (at?: number): ((answer: HttpAnswer) => HttpAnswer) => (answer) => {
  const body = answerBytes(answer).slice()
  const position = at ?? body.length >> 1
  body[position] = (body[position] ?? 0) ^ 0xff
  return withBody(answer, body)
}

function withBody(answer: HttpAnswer, body: Uint8Array): HttpAnswer {
  const headers = Object.fromEntries(Object.entries(answer.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-length'))
  return { ...answer, headers, body }
}
