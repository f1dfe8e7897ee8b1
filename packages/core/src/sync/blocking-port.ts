import { NexusError, isNexusError } from '../contract/errors.ts'
import { type Channel, type Message, controls, lookFirst, passTurn, readFrames, turns, writeFrames } from './channel.ts'
import { type ErrorRecord, fromErrorRecord, toErrorRecord } from './error-record.ts'

/** A call as the worker takes it; `args` can be cloned. */
export interface Call {
  readonly verb: string
  readonly args: readonly unknown[]
  readonly timeoutMs?: number | undefined
  /** The body that the verb writes: whole, or in pieces that are pulled as the worker needs them. */
  readonly body?: Uint8Array | Iterator<Uint8Array> | undefined
}

/** What the worker answered. */
export interface Reply {
  readonly value: unknown
  readonly body: Uint8Array | undefined
}

/** The side that waits. Calls may nest: the iterable that a write pulls may itself read from the same filesystem. */
export interface BlockingPort {
  /** Blocks this thread until the worker answers. @throws NexusError what the worker's call rejected with, `unavailable` when the worker ended */
  call(call: Call): Reply
}

/** The main thread's end of a channel. */
export function openBlockingPort(channel: Channel): BlockingPort {
  const early = new Map<number, Message>()
  let lastId = 0
  /** The next message for a call; those for calls around it are kept until their turn. */
  const receiveFor = (id: number): Message => {
    for (;;) {
      const message = early.get(id) ?? receive(channel)
      early.delete(message.id)
      if (message.id === id) return message
      early.set(message.id, message)
      send(channel, { id, kind: 'go' })
    }
  }
  const feed = (id: number, body: BodyPieces): void => {
    const chunk = nextChunk(body)
    // The call may have ended while the iterable itself made calls: nobody waits for the chunk then.
    if (!early.has(id)) send(channel, { id, kind: 'chunk', ...chunk })
  }
  return {
    call({ verb, args, timeoutMs, body }) {
      const id = ++lastId
      const pieces = body === undefined || body instanceof Uint8Array ? undefined : watched(body)
      const head = [verb, args, timeoutMs, pieces !== undefined]
      try {
        send(channel, { id, kind: 'call', head, body: body instanceof Uint8Array ? body : undefined })
      } catch (cause) {
        throw uncloneable(cause, verb)
      }
      let message: Message
      try {
        message = receiveFor(id)
        for (; message.kind === 'pull' && pieces !== undefined; message = receiveFor(id)) feed(id, pieces)
      } finally {
        pieces?.close()
      }
      pieces?.rethrow()
      if (message.kind === 'error') throw fromErrorRecord(message.head as ErrorRecord)
      return { value: message.head, body: message.body }
    },
  }
}

/** Nothing was sent then: messages are written out before the shared memory is touched. */
function uncloneable(cause: unknown, op: string): unknown {
  if (isNexusError(cause) || !(cause instanceof Error) || !cause.message.includes('could not be cloned')) return cause
  return new NexusError('invalid_argument', { op, reason: `The arguments of the sync facade cross to another thread: ${cause.message}`, cause })
}

function send(channel: Channel, message: Message): void {
  const steps = writeFrames(channel, message)
  while (steps.next().done !== true) {
    passTurn(channel, turns.worker)
    waitForTurn(channel)
  }
  passTurn(channel, turns.worker)
}

function receive(channel: Channel): Message {
  waitForTurn(channel)
  const steps = readFrames(channel)
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    passTurn(channel, turns.worker)
    waitForTurn(channel)
  }
}

function waitForTurn(channel: Channel): void {
  const { control } = channel
  lookFirst(channel, turns.worker)
  while (Atomics.load(control, controls.turn) !== turns.main) {
    if (Atomics.load(control, controls.ended) !== 0) throw new NexusError('unavailable', { reason: 'The worker thread of this filesystem ended; mount it again.' })
    Atomics.wait(control, controls.turn, turns.worker)
  }
}

function nextChunk(body: BodyPieces): Pick<Message, 'head' | 'body'> {
  try {
    return { body: body.next() }
  } catch (error) {
    return { head: toErrorRecord(error) }
  }
}

/** The caller's iterable as the worker pulls it. */
interface BodyPieces {
  /** The next piece; `undefined` at the end. */
  next(): Uint8Array | undefined
  /** Ends the iterable when the call ended before it. */
  close(): void
  /** The iterable's own error reaches its caller as it is, and not as the failed write that it caused. */
  rethrow(): void
}

function watched(body: Iterator<unknown>): BodyPieces {
  let done = false
  const failures: unknown[] = []
  const step = (): Uint8Array | undefined => {
    const next = body.next() as IteratorResult<unknown, unknown>
    if (next.done === true) {
      done = true
      return undefined
    }
    if (next.value instanceof Uint8Array) return next.value
    throw new NexusError('invalid_argument', { reason: 'A chunk of a body is a Uint8Array.' })
  }
  return {
    next() {
      try {
        return step()
      } catch (error) {
        failures.push(error)
        throw error
      }
    },
    close() {
      if (!done) body.return?.()
    },
    rethrow() {
      if (failures.length > 0) throw failures[0]
    },
  }
}
