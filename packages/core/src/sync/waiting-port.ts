import { type Channel, type Message, controls, lookFirst, passTurn, readFrames, turns, writeFrames } from './channel.ts'

/** The worker's end of a channel, which must never block for long: its event loop does the real work. */
export interface WaitingPort {
  /** The next message from the main thread; comes in answer to what was sent before. */
  receive(): Promise<Message>
  send(message: Message): Promise<void>
}

/** How long the thread may sleep on the shared word right after an answer, when the next call is likely to come at once. */
const lingerMs = 1
/** At least this often the event loop gets its turn, however fast the calls come. */
const loopEveryMs = 10

/** @param isIdle Whether nothing is under way, so that nobody misses the event loop while the thread sleeps. */
export function openWaitingPort(channel: Channel, isIdle: () => boolean): WaitingPort {
  let lastLoop = performance.now()
  const waitForTurn = async (): Promise<void> => {
    if (performance.now() - lastLoop > loopEveryMs) {
      await new Promise(setImmediate)
      lastLoop = performance.now()
    }
    if (isIdle()) {
      lookFirst(channel, turns.main)
      Atomics.wait(channel.control, controls.turn, turns.main, lingerMs)
    }
    const waiting = Atomics.waitAsync(channel.control, controls.turn, turns.main)
    if (!waiting.async) return
    await waiting.value
    lastLoop = performance.now()
  }
  return {
    async receive() {
      await waitForTurn()
      const steps = readFrames(channel)
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done === true) return step.value
        passTurn(channel, turns.main)
        await waitForTurn()
      }
    },
    async send(message) {
      const steps = writeFrames(channel, message)
      while (steps.next().done !== true) {
        passTurn(channel, turns.main)
        await waitForTurn()
      }
      passTurn(channel, turns.main)
    },
  }
}
