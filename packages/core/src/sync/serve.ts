import type { CallHandler } from './call-handler.ts'
import type { Channel, Message } from './channel.ts'
import { type ErrorRecord, fromErrorRecord, toErrorRecord } from './error-record.ts'
import { openWaitingPort } from './waiting-port.ts'

/**
 * Answers the main thread for as long as this thread lives. Calls run side by side (an iterable that is written may read), and each
 * answer waits for its turn.
 */
export async function serve(channel: Channel, handler: CallHandler): Promise<never> {
  const outbox = openOutbox()
  const awaited = new Map<number, (chunk: Message) => void>()
  let underWay = 0
  const port = openWaitingPort(channel, () => underWay === 0 && handler.isIdle())
  const pull = (id: number): Promise<Message> => {
    outbox.put({ id, kind: 'pull' })
    return new Promise((resolve) => awaited.set(id, resolve))
  }
  const answer = async ({ id, head, body }: Message): Promise<void> => {
    const [verb, args, timeoutMs, pulls] = head as [string, unknown[], number | undefined, boolean]
    underWay++
    try {
      outbox.put({ id, kind: 'value', ...(await handler.handle({ verb, args, timeoutMs, body: pulls ? pulled(() => pull(id)) : body })) })
    } catch (error) {
      outbox.put({ id, kind: 'error', head: toErrorRecord(error, verb) })
    }
    awaited.delete(id)
    underWay--
  }
  for (;;) {
    const message = await port.receive()
    if (message.kind === 'call') void answer(message)
    else awaited.get(message.id)?.(message)
    await port.send(await outbox.take())
  }
}

async function* pulled(pull: () => Promise<Message>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { head, body } = await pull()
    if (head !== undefined) throw fromErrorRecord(head as ErrorRecord)
    if (body === undefined) return
    yield body
  }
}

interface Outbox {
  put(message: Message): void
  take(): Message | Promise<Message>
}

function openOutbox(): Outbox {
  const messages: Message[] = []
  let taker: ((message: Message) => void) | undefined
  return {
    put(message) {
      if (taker === undefined) messages.push(message)
      else taker(message)
      taker = undefined
    },
    take: () => messages.shift() ?? new Promise((resolve) => (taker = resolve)),
  }
}
