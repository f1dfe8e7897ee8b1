import { describe, expect, it } from 'vitest'
import { type Message, frameBytes, openChannel, readFrames, writeFrames } from './channel.ts'

/** A message through shared memory, and how many frames it took. */
function crossed(message: Message): { message: Message; frames: number } {
  const channel = openChannel()
  const writing = writeFrames(channel, message)
  writing.next()
  const reading = readFrames(openChannel(channel.memory))
  for (let frames = 1; ; frames++) {
    const step = reading.next()
    if (step.done === true) return { message: step.value, frames }
    writing.next()
  }
}

const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251)

describe('a message crosses whole', () => {
  it.each<[string, Message, number]>([
    ['with nothing', { id: 1, kind: 'go' }, 1],
    ['with a head', { id: 2, kind: 'value', head: { at: new Date(5), none: undefined, bytes: body(3) } }, 1],
    ['with an empty body', { id: 3, kind: 'chunk', body: body(0) }, 1],
    ['with both', { id: 4, kind: 'call', head: ['read', ['/a']], body: body(10) }, 1],
    ['with a body of one frame', { id: 5, kind: 'value', body: body(frameBytes) }, 1],
    ['with a body of one frame and a byte', { id: 6, kind: 'value', body: body(frameBytes + 1) }, 2],
    ['with a large head', { id: 7, kind: 'value', head: 'x'.repeat(3 * frameBytes) }, 4],
    ['with a large head and body', { id: 8, kind: 'value', head: 'x'.repeat(frameBytes), body: body(3 * frameBytes) }, 5],
  ])('%s', (_, message, frames) => {
    const result = crossed(message)
    expect(result).toEqual({ message: { head: undefined, body: undefined, ...message }, frames })
    expect(result.message.body?.buffer).not.toBeInstanceOf(SharedArrayBuffer)
  })
})

it('what cannot be cloned is refused before the memory is touched', () => {
  const channel = openChannel()
  expect(() => writeFrames(channel, { id: 9, kind: 'call', head: () => 1 }).next()).toThrow('could not be cloned')
  expect(channel.control.every((word) => word === 0)).toBe(true)
})
