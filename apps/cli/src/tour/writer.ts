import { createHash, randomInt } from 'node:crypto'
import process from 'node:process'
import { mount } from '../with-local.ts'

const writersInFlight = 16
const maxBytes = 300_000

/**
 * Writes files until somebody kills this process, and prints the number of each one after its write was acknowledged.
 * @param repository Host path of the repository.
 */
export async function runWriter(repository: string): Promise<void> {
  const fs = await mount({ uri: `local://${repository.replace(/[%?#]/g, encodeURIComponent)}`, at: '/' }, { ephemeral: true })
  let last = 0
  const write = async (): Promise<never> => {
    for (;;) {
      const number = ++last
      await fs.write(`/killed/${number}`, killedContent(number, number % 10 === 0 ? randomInt(maxBytes) : randomInt(2000)))
      process.stdout.write(`${number}\n`)
    }
  }
  await Promise.all(Array.from({ length: writersInFlight }, write))
}

/** Content whose first line says how long it is and what it must be, so that a torn one is found. */
function killedContent(number: number, sizeBytes: number): Uint8Array {
  const body = createHash('shake256', { outputLength: Math.max(1, sizeBytes) }).update(String(number)).digest('base64')
  return Buffer.from(`${number} ${body.length}\n${body}`)
}

/** Whether a file that the writer wrote is whole. */
export function isWhole(number: number, content: Uint8Array): boolean {
  const text = Buffer.from(content).toString('latin1')
  const [, found, length] = /^(\d+) (\d+)\n/.exec(text) ?? []
  if (found !== String(number) || length === undefined) return false
  const body = text.slice(text.indexOf('\n') + 1)
  return body.length === Number(length) && body === killedContentBody(number, body)
}

function killedContentBody(number: number, body: string): string {
  const sizeBytes = Buffer.from(body, 'base64').length
  return createHash('shake256', { outputLength: sizeBytes }).update(String(number)).digest('base64')
}
