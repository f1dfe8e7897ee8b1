import type { BlockingPort, Reply } from './blocking-port.ts'

/** What a call that opens a body answers, with the first piece beside it. */
export interface BodyStart {
  readonly handle: number
  /** Length of the whole, where it is known. */
  readonly sizeBytes?: number | undefined
  /** Whether the piece beside it is all. */
  readonly done?: boolean | undefined
}

/** The whole body in one array, which is the only copy that is held. */
export function readBody(port: BlockingPort, { value, body }: Reply): Uint8Array {
  const { handle, sizeBytes = 0, done } = value as BodyStart
  if (done === true) return body ?? new Uint8Array(0)
  let whole = new Uint8Array(sizeBytes)
  let filled = 0
  const add = (piece: Uint8Array): void => {
    if (filled + piece.byteLength > whole.byteLength) whole = grown(whole, filled + piece.byteLength)
    whole.set(piece, filled)
    filled += piece.byteLength
  }
  if (body !== undefined) add(body)
  for (const piece of readPieces(port, handle)) add(piece)
  return filled === whole.byteLength ? whole : whole.slice(0, filled)
}

/** The pieces of an open body, each fetched when it is asked for; leaving early releases the rest. */
export function* readPieces(port: BlockingPort, handle: number): Generator<Uint8Array> {
  let isDone = false
  try {
    while (!isDone) {
      const { value, body } = fetchStep(port, handle, () => (isDone = true))
      isDone = (value as BodyStart).done === true
      if (body !== undefined && body.byteLength > 0) yield body
    }
  } finally {
    if (!isDone) port.call({ verb: 'release', args: [handle] })
  }
}

/** One more step of what is open; `onFailure` because the worker keeps nothing that failed. */
export function fetchStep(port: BlockingPort, handle: number, onFailure: () => void): Reply {
  try {
    return port.call({ verb: 'next', args: [handle] })
  } catch (error) {
    onFailure()
    throw error
  }
}

function grown(bytes: Uint8Array, leastBytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(leastBytes, bytes.byteLength * 2))
  larger.set(bytes)
  return larger
}
