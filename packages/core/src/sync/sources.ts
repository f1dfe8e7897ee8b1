import type { ByteRange, FileContent } from '../contract/backend.ts'
import { frameBytes } from './channel.ts'

/** One step of something that crosses to the main thread in several. */
export interface Step {
  /** Of a page: its items. */
  readonly items?: readonly unknown[] | undefined
  /** Of a body: its next bytes. */
  readonly body?: Uint8Array | undefined
  /** Whether this was the last one. */
  readonly done: boolean
}

/** What the worker holds for the main thread between two steps. */
export interface Source {
  next(): Promise<Step>
  close(): Promise<void>
}

const maxPageItems = 256

/** Pages of an iteration: small ones first, so that who leaves early makes little work. */
export function openPages(iterable: AsyncIterable<unknown>): Source {
  const iterator = iterable[Symbol.asyncIterator]()
  let pageItems = 1
  return {
    async next() {
      const items: unknown[] = []
      while (items.length < pageItems) {
        const step = await iterator.next()
        if (step.done === true) return { items, done: true }
        items.push(step.value)
      }
      pageItems = Math.min(pageItems * 2, maxPageItems)
      return { items, done: false }
    },
    async close() {
      await iterator.return?.()
    },
  }
}

/** A body in pieces; in one where it fits a frame, because a stream costs more than its bytes. */
export function openPieces(content: FileContent, expectedBytes: number | undefined): Source {
  let chunks: AsyncIterator<Uint8Array> | undefined
  return {
    async next() {
      if (expectedBytes !== undefined && expectedBytes <= frameBytes) return { body: await content.bytes(), done: true }
      chunks ??= content.stream().values()
      const step = await chunks.next()
      return step.done === true ? { done: true } : { body: step.value, done: false }
    },
    async close() {
      await chunks?.return?.()
      await content[Symbol.asyncDispose]()
    },
  }
}

/** Length of what is asked for of a file; `undefined` where the file's own is not known. */
export function expectedBytes(sizeBytes: number | undefined, range: ByteRange | undefined): number | undefined {
  if (range === undefined) return sizeBytes
  if ('suffix' in range) return Math.min(range.suffix, sizeBytes ?? range.suffix)
  if (sizeBytes === undefined) return range.length
  return Math.max(0, Math.min(range.length ?? Infinity, sizeBytes - range.offset))
}
