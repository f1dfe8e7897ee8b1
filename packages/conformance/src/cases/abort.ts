import assert from 'node:assert/strict'
import type { Path } from '@nexus/core/contract'
import { heldStream, patternBytes, streamOf, toBytes } from '../bodies.ts'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { declared, failure, optional, rejectsWith, undeclared } from '../expect.ts'
import { at, firstOf, holds, isAbsent, keysOf, put, putAll } from '../given.ts'

const reason = new Error('The caller has had enough.')

/** Each verb, called with a signal; what is absent from the backend is left out. */
function callEach(context: CaseContext, path: Path, signal: AbortSignal): (() => Promise<unknown> | undefined)[] {
  const { backend, capabilities } = context
  const target = at('/target')
  return [
    () => backend.stat(path, { signal }),
    () => backend.read(path, { signal }),
    () => backend.write(path, toBytes('lost'), { signal }),
    () => backend.write(path, streamOf(toBytes('lost')), { signal }),
    () => backend.delete(path, { signal }),
    () => (capabilities.emptyDirectories ? backend.mkdir(at('/made'), { signal }) : undefined),
    () => firstOf(backend.list(at('/'), { signal })),
    () => optional(context, 'append')?.(path, toBytes('lost'), { signal }),
    () => optional(context, 'setMetadata')?.(path, { lost: 'x' }, { signal }),
    () => optional(context, 'rename')?.(path, target, { signal }),
    () => optional(context, 'copy')?.(path, target, { signal }),
    () => optional(context, 'batch')?.([{ op: 'delete', path }], { signal }),
    () => optional(context, 'snapshot')?.(at('/'), 'lost', { signal }),
    () => optional(context, 'usage')?.(path, { signal }),
  ]
}

/** Asserts that an aborted body changes nothing and that its source hears of it. */
async function abortsBody(
  context: CaseContext,
  store: (body: ReadableStream<Uint8Array>, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  await put(context, '/kept', 'old')
  const controller = new AbortController()
  const body = heldStream(toBytes('half'))
  const storing = store(body.stream, controller.signal)
  await body.begun
  controller.abort(reason)
  await rejectsWith(reason, storing)
  await body.cancelled
  await holds(context, '/kept', 'old')
  assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['kept'])
}

/** Callers who give up. */
export const abortCases: readonly ContractCase[] = section('Abort', {
  'A call whose signal is aborted already rejects with `signal.reason` itself and changes nothing.': async (context) => {
    const { etag } = await put(context, '/file', 'kept')
    for (const call of callEach(context, at('/file'), AbortSignal.abort(reason))) {
      const called = call()
      if (called !== undefined) await rejectsWith(reason, called)
    }
    await holds(context, '/file', 'kept')
    assert.equal((await context.backend.stat(at('/file'))).etag, etag)
    assert.deepEqual(await keysOf(context, '/'), ['file'])
  },
  'Iterations that begin with an aborted signal reject with `signal.reason` at their first step.': async (context) => {
    const signal = AbortSignal.abort(reason)
    const iterations = [
      context.backend.list(at('/'), { signal }),
      optional(context, 'versions')?.(at('/a'), { signal }),
      optional(context, 'snapshots')?.(at('/'), { signal }),
      optional(context, 'changes')?.(at('/'), { signal }),
    ]
    for (const iteration of iterations) if (iteration !== undefined) await rejectsWith(reason, firstOf<unknown>(iteration))
  },
  'A signal without a reason of its own rejects with an `AbortError`.': async (context) => {
    const error = await failure(context.backend.stat(at('/'), { signal: AbortSignal.abort() }))
    assert.ok(error instanceof DOMException && error.name === 'AbortError', `Expected an AbortError, not ${String(error)}.`)
  },
  'An abort while the body is awaited rejects `write` with `signal.reason`, cancels the body and stores nothing.': async (context) => {
    await abortsBody(context, (body, signal) => context.backend.write(at('/kept'), body, { signal }))
    await abortsBody(context, (body, signal) => context.backend.write(at('/new/file'), body, { signal }))
  },
  'An abort while the body is awaited rejects `append` with `signal.reason`, cancels the body and appends nothing.': async (context) => {
    if (!context.capabilities.append) return undeclared(context, 'append', (append) => append(at('/kept'), toBytes('x')))
    const append = declared(context, 'append')
    return abortsBody(context, (body, signal) => append(at('/kept'), body, { signal }))
  },
  'The signal given to `read` holds for its body: a stream that is aborted errors with `signal.reason`.': async (context) => {
    await put(context, '/large', patternBytes(4_000_000))
    const controller = new AbortController()
    const content = await context.backend.read(at('/large'), { signal: controller.signal })
    const reader = content.stream().getReader()
    await reader.read()
    controller.abort(reason)
    const readOn = async (): Promise<void> => {
      while (!(await reader.read()).done);
    }
    await rejectsWith(reason, readOn())
  },
  'A body whose signal was aborted before it is asked for rejects with `signal.reason`.': async (context) => {
    await put(context, '/file', 'content')
    for (const take of ['bytes', 'text'] as const) {
      const controller = new AbortController()
      const content = await context.backend.read(at('/file'), { signal: controller.signal })
      controller.abort(reason)
      await rejectsWith(reason, content[take]())
    }
  },
  'An abort in the middle of a listing rejects its next step with `signal.reason`.': async (context) => {
    await putAll(context, ['/a', '/b', '/c'])
    const controller = new AbortController()
    const iterator = context.backend.list(at('/'), { signal: controller.signal })[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort(reason)
    await rejectsWith(reason, iterator.next())
  },
  'An abort after the call has resolved changes nothing.': async (context) => {
    const controller = new AbortController()
    const { signal } = controller
    await put(context, '/bytes', 'stored', { signal })
    await put(context, '/stream', streamOf(toBytes('stored')), { signal })
    controller.abort(reason)
    await holds(context, '/bytes', 'stored')
    await holds(context, '/stream', 'stored')
  },
  "One caller's abort is no other's: a call beside it goes on.": async (context) => {
    const controller = new AbortController()
    const body = heldStream(toBytes('half'))
    const aborted = put(context, '/file', body.stream, { signal: controller.signal })
    await body.begun
    const other = put(context, '/other', 'stored')
    controller.abort(reason)
    await rejectsWith(reason, aborted)
    await other
    await holds(context, '/other', 'stored')
    await isAbsent(context, '/file')
  },
})
