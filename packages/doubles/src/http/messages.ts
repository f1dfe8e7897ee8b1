/** A request as the double's rules see it: whole, and with nothing decoded that a rule may want to check raw. */
export interface HttpRequest {
  readonly method: string
  /** Path and query as they stood on the request line, undecoded. */
  readonly target: string
  /** `http://<Host header><target>`; its pathname is still percent-encoded. */
  readonly url: URL
  /** Lower-case names; a repeated header's values are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Counts from 1 over all requests of the double. */
  readonly number: number
}

/** What the double answers. `content-length` is filled in from `body` unless it is given. */
export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | string | undefined
}

/** The service's rules: one function from request to answer. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

const encoder = new TextEncoder()

/** The body of an answer as bytes; empty where there is none. */
export function answerBytes(answer: HttpAnswer): Uint8Array {
  return typeof answer.body === 'string' ? encoder.encode(answer.body) : (answer.body ?? new Uint8Array())
}
