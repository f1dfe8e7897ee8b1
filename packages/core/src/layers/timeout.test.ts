import { describe, expect, it } from 'vitest'
import type { Backend, CallOptions, FileContent } from '../contract/backend.ts'
import { rootPath } from '../contract/paths.ts'
import { createFaultPlan, type Fault, faults } from './faults.ts'
import { timeout } from './timeout.ts'

/** A timer that rings when told. */
function handTimer(): { startTimer: (ms: number, late: () => void) => () => void; ring: () => void; pending: () => number; lastMs: () => number } {
  const waiting = new Set<() => void>()
  let lastMs = 0
  return {
    startTimer: (ms, late) => {
      lastMs = ms
      waiting.add(late)
      return () => void waiting.delete(late)
    },
    ring: () => {
      for (const late of [...waiting]) late()
    },
    pending: () => waiting.size,
    lastMs: () => lastMs,
  }
}

const stat = { path: rootPath, kind: 'file', metadata: {} } as const

function content(): FileContent {
  const bytes = new Uint8Array([1, 2, 3, 4])
  return {
    stat,
    bytes: () => Promise.resolve(bytes),
    text: () => Promise.resolve('text'),
    stream: () => ReadableStream.from([bytes]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function fake(seen: CallOptions[] = []): Backend {
  const backend = {
    scheme: 'fake',
    capabilities: {},
    stat: (_path: string, options: CallOptions) => (seen.push(options), Promise.resolve(stat)),
    read: (_path: string, options: CallOptions) => (seen.push(options), Promise.resolve(content())),
    async *list() {
      yield await Promise.resolve({ name: 'a', path: rootPath, kind: 'file' })
      await new Promise(() => undefined)
    },
    close: () => Promise.resolve(),
  }
  return backend as unknown as Backend
}

function under(fault: Fault): { backend: Backend; timer: ReturnType<typeof handTimer> } {
  const timer = handTimer()
  return { backend: timeout(50, { startTimer: timer.startTimer })(faults(createFaultPlan([fault]))(fake())), timer }
}

describe('timeout', () => {
  it('fails a call that does not answer, and aborts it', async () => {
    const { backend, timer } = under({ op: 'stat', kind: 'hang' })
    const call = expect(backend.stat(rootPath)).rejects.toMatchObject({ code: 'timeout', op: 'stat', path: '/', backend: 'fake' })
    timer.ring()
    await call
    expect(timer.lastMs()).toBe(50)
  })

  it('fails a call of a backend that does not listen, with its signal aborted', async () => {
    const timer = handTimer()
    let signal: AbortSignal | undefined
    const stat = (_path: string, options: CallOptions): Promise<never> => ((signal = options.signal), new Promise(() => undefined))
    const deaf = { ...fake(), stat } as unknown as Backend
    const call = expect(timeout(50, { startTimer: timer.startTimer })(deaf).stat(rootPath)).rejects.toMatchObject({ code: 'timeout' })
    timer.ring()
    await call
    expect(signal?.reason).toMatchObject({ code: 'timeout' })
  })

  it('leaves no timer behind, and lets an abort of the caller through as it is', async () => {
    const timer = handTimer()
    const layered = timeout(50, { startTimer: timer.startTimer })(fake())
    await layered.stat(rootPath)
    expect(timer.pending()).toBe(0)
    const { backend } = under({ op: 'stat', kind: 'hang' })
    const reason = new Error('enough')
    await expect(backend.stat(rootPath, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('bounds the collection of a body and each chunk of a stream, not the time between them', async () => {
    for (const way of ['bytes', 'stream'] as const) {
      const { backend, timer } = under({ op: 'read', kind: 'stall', afterBytes: 2 })
      const body = await backend.read(rootPath)
      expect(timer.pending()).toBe(0)
      const reader = way === 'stream' ? body.stream().getReader() : undefined
      if (reader !== undefined) expect((await reader.read()).value).toEqual(new Uint8Array([1, 2]))
      const call = expect(reader === undefined ? body.bytes() : reader.read()).rejects.toMatchObject({ code: 'timeout' })
      await new Promise((resolve) => setImmediate(resolve))
      timer.ring()
      await call
    }
  })

  it('bounds each step of an iteration', async () => {
    const timer = handTimer()
    const iterator = timeout(50, { startTimer: timer.startTimer })(fake()).list(rootPath)[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toMatchObject({ name: 'a' })
    expect(timer.pending()).toBe(0)
    const next = expect(iterator.next()).rejects.toMatchObject({ code: 'timeout' })
    await new Promise((resolve) => setImmediate(resolve))
    timer.ring()
    await next
  })
})
