import type { Writable } from 'node:stream'
import { BrokenPipe } from '../outcomes.ts'
import { createPaint, type Paint, wantsColours } from './colours.ts'
import { escapeControl, escapeText } from './escape-control.ts'

/** Standard output or standard error. */
export interface Output {
  /** A person looks at it. */
  readonly isTerminal: boolean
  /** Characters in a line. */
  readonly columns: number
  readonly paint: Paint
  /** A name as it may be printed: escaped on a terminal, untouched for programs. */
  readonly name: (name: string) => string
  /** The same for text with tabs and newlines. */
  readonly text: (text: string) => string
  /** Prints one line; waits when the reader is slow. @throws BrokenPipe */
  line(text: string): Promise<void>
  /** Prints bytes as they are. @throws BrokenPipe */
  bytes(chunk: Uint8Array): Promise<void>
  /** Waits until everything is out. @throws BrokenPipe */
  flush(): Promise<void>
}

/** A stream that may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined }

const bufferedChars = 32_768

/** Puts lines together for programs, and shows each one at once to people. */
export function createOutput(stream: OutputStream, env: Readonly<Record<string, string | undefined>>): Output {
  const isTerminal = stream.isTTY === true
  let pending = ''
  // The failure of a write is told to its callback; without a listener the same error would end the process.
  stream.on('error', () => undefined)
  const flush = async (): Promise<void> => {
    const text = pending
    pending = ''
    if (text !== '') await send(stream, text)
  }
  return {
    isTerminal,
    columns: stream.columns ?? 80,
    paint: createPaint(wantsColours(env, isTerminal)),
    name: isTerminal ? escapeControl : (name) => name,
    text: isTerminal ? escapeText : (text) => text,
    line: async (text) => {
      pending += `${text}\n`
      if (isTerminal || pending.length >= bufferedChars) await flush()
    },
    bytes: async (chunk) => {
      await flush()
      await send(stream, chunk)
    },
    flush,
  }
}

function send(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(isBrokenPipe(error) ? new BrokenPipe('Nobody reads the output any more.', { cause: error }) : error)
    })
  })
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
}
