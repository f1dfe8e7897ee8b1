import { deserialize, serialize } from 'node:v8'

/**
 * What one side tells the other. Main to worker: `call`, `chunk` (the answer to `pull`), `go` (nothing to say, it is your turn).
 * Worker to main: `value`, `error`, `pull` (wants the next piece of the body that call `id` writes).
 */
export type MessageKind = (typeof messageKinds)[number]

const messageKinds = ['call', 'chunk', 'go', 'value', 'error', 'pull'] as const

/** `id` is the call that a message belongs to; `head` anything that can be cloned; `body` raw bytes, at most {@link frameBytes}. */
export interface Message {
  readonly id: number
  readonly kind: MessageKind
  readonly head?: unknown
  readonly body?: Uint8Array | undefined
}

/** Whose turn it is to write into the shared memory; `nobody` when the worker ended in its own. */
export const turns = { main: 0, worker: 1, nobody: 2 } as const

/** Bytes of a message that cross at once; longer messages cross in several frames. */
export const frameBytes: number = 256 * 1024

const controlBytes = 64
/** Places in the control words: {@link Channel.control}. */
export const controls = { turn: 0, id: 1, kind: 2, headBytes: 3, bodyBytes: 4, frameBytes: 5, started: 6, ended: 7 } as const

/** Shared memory with control words and room for one frame; the sides take turns, so neither ever needs a lock. */
export interface Channel {
  readonly memory: SharedArrayBuffer
  readonly control: Int32Array<SharedArrayBuffer>
  readonly data: Uint8Array<SharedArrayBuffer>
}

/** A channel on new memory, or the other end of one that exists. */
export function openChannel(memory: SharedArrayBuffer = new SharedArrayBuffer(controlBytes + frameBytes)): Channel {
  return { memory, control: new Int32Array(memory, 0, controlBytes / 4), data: new Uint8Array(memory, controlBytes) }
}

/** Hands the turn over and wakes the other side. */
export function passTurn({ control }: Channel, to: number): void {
  Atomics.store(control, controls.turn, to)
  Atomics.notify(control, controls.turn)
}

/** Looks that often before a thread sleeps, some 30 us. */
const looks = 10_000

/** Waits a moment, awake, while it is that side's turn: a sleeping thread takes 40 us and more to wake on a virtual machine, and the answer is often faster. */
export function lookFirst({ control }: Channel, turn: number): void {
  for (let look = 0; look < looks && Atomics.load(control, controls.turn) === turn; look++);
}

/**
 * Puts a message into the shared memory frame by frame.
 * @returns After each frame but the last: the turn has to be passed, and come back, before the next step.
 */
export function* writeFrames(channel: Channel, { id, kind, head, body }: Message): Generator<void, void> {
  const { control, data } = channel
  const headPart = head === undefined ? undefined : serialize(head)
  control[controls.id] = id
  control[controls.kind] = messageKinds.indexOf(kind)
  control[controls.headBytes] = headPart?.byteLength ?? 0
  control[controls.bodyBytes] = body?.byteLength ?? -1
  const parts = [headPart, body].filter((part) => part !== undefined)
  let filled = 0
  for (const part of parts) {
    for (let taken = 0; taken < part.byteLength; ) {
      if (filled === frameBytes) {
        control[controls.frameBytes] = filled
        yield
        filled = 0
      }
      const piece = part.subarray(taken, taken + frameBytes - filled)
      data.set(piece, filled)
      taken += piece.byteLength
      filled += piece.byteLength
    }
  }
  control[controls.frameBytes] = filled
}

/**
 * Takes a message out of the shared memory.
 * @returns After each frame but the last: the turn has to be passed, and come back, before the next step.
 */
export function* readFrames({ control, data }: Channel): Generator<void, Message> {
  const [id = 0, kindIndex = 0, headBytes = 0, bodyBytes = 0] = control.subarray(controls.id, controls.id + 4)
  const head = new Uint8Array(headBytes)
  const body = new Uint8Array(Math.max(0, bodyBytes))
  for (let taken = 0; ; ) {
    const frame = data.subarray(0, control[controls.frameBytes])
    const ofHead = Math.max(0, Math.min(frame.byteLength, headBytes - taken))
    if (ofHead > 0) head.set(frame.subarray(0, ofHead), taken)
    if (ofHead < frame.byteLength) body.set(frame.subarray(ofHead), taken + ofHead - headBytes)
    taken += frame.byteLength
    if (taken === headBytes + body.byteLength) break
    yield
  }
  return { id, kind: messageKinds[kindIndex] ?? 'go', head: headBytes === 0 ? undefined : deserialize(head), body: bodyBytes < 0 ? undefined : body }
}
