import { NexusError } from '../contract/errors.ts'
import type { BlockingPort, Call } from './blocking-port.ts'
import { frameBytes } from './channel.ts'
import { type BodyStart, readBody, readPieces } from './read-body.ts'
import { readPages } from './read-pages.ts'
import type { SyncConnectedNexusFS, SyncFileContent, Timed } from './sync-nexus-fs.ts'
import { type SyncVerb, syncVerbs } from './sync-verbs.ts'

const encoder = new TextEncoder()
// As in the real verbs, a byte order mark is part of the text.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Puts the verbs on a worker that has opened its filesystem; `terminate` ends the worker. */
export function createSyncNexusFS(worker: BlockingPort, terminate: () => void): SyncConnectedNexusFS {
  let isClosed = false
  const port: BlockingPort = {
    call(call) {
      if (isClosed) throw new NexusError('unavailable', { op: call.verb, reason: 'The filesystem is closed; mount it again.' })
      return worker.call(call)
    },
  }
  const close = ({ timeoutMs }: Timed<object> = {}): void => {
    if (isClosed) return
    try {
      port.call({ verb: 'close', args: [], timeoutMs })
    } finally {
      isClosed = true
      terminate()
    }
  }
  const verbs = Object.fromEntries(Object.keys(syncVerbs).map((verb) => [verb, createVerb(port, verb as SyncVerb)]))
  // The table has every verb of the interface, and each crosses as its row says; a loop cannot show that to the compiler.
  const filesystem = verbs as unknown as Omit<SyncConnectedNexusFS, 'mountManager' | 'close' | typeof Symbol.dispose> & SyncConnectedNexusFS['mountManager']
  return { ...filesystem, mountManager: filesystem, close, [Symbol.dispose]: () => close() }
}

type Verb = (...args: unknown[]) => unknown

function createVerb(port: BlockingPort, verb: SyncVerb): Verb {
  const { gives, bodyAt } = syncVerbs[verb]
  if (bodyAt !== undefined) return (path, body, options) => port.call({ ...toCall(verb, [path, options]), body: toPieces(body, verb) }).value
  switch (gives) {
    case 'value':
      return (...args) => port.call(toCall(verb, args)).value
    case 'url':
      return (...args) => new URL(port.call(toCall(verb, args)).value as string)
    case 'body':
      return (...args) => readBody(port, port.call(toCall(verb, args)))
    case 'text':
      return (...args) => toText(readBody(port, port.call(toCall(verb, args))))
    case 'pages':
      return (...args) => readPages(port, toCall(verb, args))
    case 'content':
      return (...args) => openContent(port, port.call(toCall(verb, args)).value as BodyStart & Pick<SyncFileContent, 'stat'>)
  }
}

/** `timeoutMs` leaves the options: it is the call's own. */
function toCall(verb: SyncVerb, args: readonly unknown[]): Call {
  const last = args.at(-1)
  if (typeof last !== 'object' || last === null || !('timeoutMs' in last)) return { verb, args }
  const { timeoutMs, ...options } = last as Timed<object>
  return { verb, args: [...args.slice(0, -1), options], timeoutMs }
}

/** What fits a frame crosses with the call; the rest is pulled piece by piece, so that the worker never holds it whole. */
function toPieces(body: unknown, verb: SyncVerb): Uint8Array | Iterator<Uint8Array> {
  const whole = typeof body === 'string' ? encoder.encode(body) : body
  if (whole instanceof Uint8Array) return whole.byteLength <= frameBytes ? whole : piecesOf(whole)
  if (typeof whole === 'object' && whole !== null && Symbol.iterator in whole) return (whole as Iterable<Uint8Array>)[Symbol.iterator]()
  throw new NexusError('invalid_argument', { op: verb, reason: 'A body is a string, a Uint8Array or an iterable of Uint8Array.' })
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += frameBytes) yield bytes.subarray(offset, offset + frameBytes)
}

function openContent(port: BlockingPort, { stat, ...start }: BodyStart & Pick<SyncFileContent, 'stat'>): SyncFileContent {
  const pieces = readPieces(port, start.handle)
  const bytes = (): Uint8Array => readBody(port, { value: start, body: undefined })
  return {
    stat,
    bytes,
    text: () => toText(bytes()),
    stream: () => pieces,
    [Symbol.dispose]: () => {
      port.call({ verb: 'release', args: [start.handle] })
    },
  }
}

function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
