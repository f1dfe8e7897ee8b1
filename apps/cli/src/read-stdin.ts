import { addAbortSignal, type Readable } from 'node:stream'
import type { Cli } from './cli.ts'
import { UsageError } from './outcomes.ts'

/**
 * Standard input as a body. On a terminal it says so, because nothing would seem to happen.
 * @throws UsageError when standard input is closed
 */
export async function stdinBody({ stdin, err, signal }: Cli): Promise<AsyncIterable<Uint8Array>> {
  if (stdin.destroyed) throw new UsageError('There is no standard input to read from; give --text, or pipe something in.')
  if (stdin.isTTY === true) await err.line(err.paint('dim', 'Reading from the terminal; end with Ctrl-D.'))
  return chunks(addAbortSignal(signal, stdin), signal)
}

async function* chunks(stdin: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stdin) yield chunk as Uint8Array
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
