import type { FileContent, Layer } from '../contract/backend.ts'
import { type Attempt, createAttempt } from '../resilience/attempt.ts'
import { platformTimer, type StartTimer } from '../resilience/start-timer.ts'
import { wrapContent } from './wrap-content.ts'
import { type Invoke, type IterationMember, optionsOf, pathOf, withSignal, wrapMembers } from './wrap-members.ts'

/**
 * Bounds every attempt: a call, one step of an iteration, the collection of a body and one chunk of a stream each get `ms`
 * milliseconds, then fail with `timeout`, and the backend's signal is aborted. A change that timed out may have happened or not.
 * `changes` wait as long as nothing happens, so they are not bounded.
 */
export const timeout =
  (ms: number, { startTimer = platformTimer }: { readonly startTimer?: StartTimer } = {}): Layer =>
  (inner) => {
    const begin = (op: string, path: string | undefined, signal: AbortSignal | undefined): Attempt =>
      createAttempt({ ms, startTimer, op, path, signal, backend: inner.scheme })
    return wrapMembers(inner, {
      call:
        (member, invoke) =>
        async (...args) => {
          const attempt = begin(member, pathOf(args), optionsOf(member, args)?.signal)
          const bounded = withSignal(member, args, attempt.signal)
          return member === 'read'
            ? await boundedRead(attempt, invoke as Invoke<Promise<FileContent>>, bounded)
            : await attempt.run(() => invoke(...bounded))
        },
      iteration: (member, invoke) => (member === 'changes' ? invoke : boundedSteps(member, invoke, begin)),
    })
  }

async function boundedRead(attempt: Attempt, invoke: Invoke<Promise<FileContent>>, args: readonly unknown[]): Promise<FileContent> {
  const content = await attempt.run(async () => {
    const opened = await invoke(...args)
    // It came too late, and nobody will read it.
    if (attempt.signal.aborted) await opened[Symbol.asyncDispose]()
    return opened
  })
  return wrapContent(content, {
    onError: (error) => error,
    onEnd: () => undefined,
    onCollect: (collect) => attempt.run(collect),
    onRead: (read) => attempt.run(read),
  })
}

function boundedSteps(
  member: IterationMember,
  invoke: Invoke<AsyncIterable<unknown>>,
  begin: (op: string, path: string | undefined, signal: AbortSignal | undefined) => Attempt,
): Invoke<AsyncIterable<unknown>> {
  return async function* (...args) {
    const attempt = begin(member, pathOf(args), optionsOf(member, args)?.signal)
    const iterator = invoke(...withSignal(member, args, attempt.signal))[Symbol.asyncIterator]()
    let isDone = false
    try {
      for (;;) {
        const step = await attempt.run(() => iterator.next())
        isDone = step.done === true
        if (step.done === true) return
        yield step.value
      }
    } catch (error) {
      isDone = true
      throw error
    } finally {
      if (!isDone) await iterator.return?.()
    }
  }
}
