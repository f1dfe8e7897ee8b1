import { describe, expect, it } from 'vitest'
import type { Backend } from '../contract/backend.ts'
import { type ErrorCode, errorCodes, NexusError } from '../contract/errors.ts'
import { rootPath } from '../contract/paths.ts'
import { retry, type Schedule } from './retry.ts'

const bytes = new Uint8Array(1)
const stat = { path: rootPath, kind: 'file', metadata: {} } as const

/** Fails its first calls with the codes given, then succeeds; counts. */
function failing(
  codes: readonly ErrorCode[],
  { retryAfterMs, fidelity = 'bytes' }: { retryAfterMs?: number; fidelity?: string } = {},
): { backend: Backend; calls: () => number } {
  let calls = 0
  const answer = (): Promise<unknown> => {
    const code = codes[calls++]
    return code === undefined ? Promise.resolve(stat) : Promise.reject(new NexusError(code, { retryAfterMs }))
  }
  async function* steps(): AsyncGenerator {
    yield await answer()
    yield await answer()
  }
  const verbs = [
    'stat',
    'read',
    'write',
    'delete',
    'mkdir',
    'append',
    'rename',
    'copy',
    'batch',
    'setMetadata',
    'snapshot',
    'deleteSnapshot',
    'usage',
    'presign',
  ]
  const backend = {
    scheme: 'fake',
    capabilities: { fidelity },
    ...Object.fromEntries(verbs.map((verb) => [verb, answer])),
    list: steps,
    changes: steps,
    close: answer,
  }
  return { backend: backend as unknown as Backend, calls: () => calls }
}

/** A schedule that waits for nothing and notes how long it would have. */
function noting(schedule: Schedule = {}): { schedule: Schedule; waits: number[] } {
  const waits: number[] = []
  return { waits, schedule: { random: () => 1, sleep: (ms) => Promise.resolve(void waits.push(ms)), ...schedule } }
}

async function attempts(code: ErrorCode, run: (backend: Backend) => Promise<unknown>, fidelity?: string): Promise<number> {
  const { backend, calls } = failing([code], fidelity === undefined ? {} : { fidelity })
  await run(retry(noting().schedule)(backend)).catch((error: unknown) => expect(error).toMatchObject({ code }))
  return calls()
}

describe('retry', () => {
  it('repeats exactly the codes that pass by themselves', async () => {
    const repeated: ErrorCode[] = []
    for (const code of errorCodes) if ((await attempts(code, (backend) => backend.stat(rootPath))) === 2) repeated.push(code)
    expect(repeated).toEqual(['rate_limited', 'unavailable', 'timeout', 'busy', 'outcome_unknown'])
  })

  it('repeats what changes nothing twice after any of them, and the rest only when it surely did not happen', async () => {
    const path = rootPath
    const rows: readonly (readonly [string, (backend: Backend) => Promise<unknown>, number, number, string?])[] = [
      ['write', (backend) => backend.write(path, bytes), 2, 2],
      ['write of a stream', (backend) => backend.write(path, new ReadableStream()), 1, 1],
      ['write to a document', (backend) => backend.write(path, bytes), 2, 1, 'rendered'],
      ['write to a document, conditional', (backend) => backend.write(path, bytes, { ifNoneMatch: '*' }), 2, 2, 'rendered'],
      ['append', (backend) => backend.append!(path, bytes), 2, 1],
      ['append with ifMatch', (backend) => backend.append!(path, bytes, { ifMatch: 'e' }), 2, 2],
      ['append of a stream', (backend) => backend.append!(path, new ReadableStream(), { ifMatch: 'e' }), 1, 1],
      ['delete', (backend) => backend.delete(path), 2, 1],
      ['delete with force', (backend) => backend.delete(path, { force: true }), 2, 2],
      ['rename', (backend) => backend.rename!(path, path), 2, 1],
      ['rename with ifMatch', (backend) => backend.rename!(path, path, { ifMatch: 'e' }), 2, 2],
      ['copy', (backend) => backend.copy!(path, path), 2, 2],
      ['mkdir', (backend) => backend.mkdir(path), 2, 1],
      ['mkdir with recursive', (backend) => backend.mkdir(path, { recursive: true }), 2, 2],
      ['batch', (backend) => backend.batch!([]), 2, 1],
      ['setMetadata', (backend) => backend.setMetadata!(path, {}), 2, 2],
      ['snapshot', (backend) => backend.snapshot!(path, 'x'), 2, 1],
      ['deleteSnapshot', (backend) => backend.deleteSnapshot!(path, 'x'), 2, 1],
    ]
    for (const [name, run, refused, unknown, fidelity] of rows) {
      expect([name, await attempts('rate_limited', run, fidelity), await attempts('timeout', run, fidelity)]).toEqual([name, refused, unknown])
    }
  })

  it('waits up to three times as long each time, up to a bound, and at least as long as the provider asks', async () => {
    const codes = Array<ErrorCode>(9).fill('unavailable')
    const { schedule, waits } = noting({ attempts: 6, baseDelayMs: 100, maxDelayMs: 500 })
    await expect(retry(schedule)(failing(codes).backend).stat(rootPath)).rejects.toMatchObject({ code: 'unavailable' })
    expect(waits).toEqual([100, 300, 500, 500, 500])
    const half = noting({ random: () => 0.5 })
    await retry(half.schedule)(failing(['busy']).backend).stat(rootPath)
    expect(half.waits).toEqual([50])
    const asked = noting({ maxDelayMs: 500 })
    await retry(asked.schedule)(failing(['rate_limited'], { retryAfterMs: 30_000 }).backend).stat(rootPath)
    expect(asked.waits).toEqual([30_000])
  })

  it('stops waiting when the call is aborted', async () => {
    const aborter = new AbortController()
    const reason = new Error('enough')
    const call = retry({ baseDelayMs: 1e9, maxDelayMs: 1e9, random: () => 1 })(failing(['busy']).backend).stat(rootPath, { signal: aborter.signal })
    setImmediate(() => aborter.abort(reason))
    await expect(call).rejects.toBe(reason)
  })

  it('begins a listing again before its first entry, never after, and never a feed of changes', async () => {
    const collect = async (items: AsyncIterable<unknown>): Promise<number> => {
      let count = 0
      for await (const item of items) count += item === undefined ? 0 : 1
      return count
    }
    const early = failing(['unavailable', 'unavailable'])
    expect(await collect(retry(noting().schedule)(early.backend).list(rootPath))).toBe(2)
    const backend = failing([]).backend
    const late: Backend = {
      ...backend,
      async *list() {
        yield await Promise.resolve({ name: 'a', path: rootPath, kind: 'file' as const })
        throw new NexusError('unavailable')
      },
    }
    await expect(collect(retry(noting().schedule)(late).list(rootPath))).rejects.toMatchObject({ code: 'unavailable' })
    const feed = failing(['unavailable'])
    await expect(collect(retry(noting().schedule)(feed.backend).changes!(rootPath))).rejects.toMatchObject({ code: 'unavailable' })
    expect(feed.calls()).toBe(1)
  })
})
