import { setImmediate } from 'node:timers/promises'
import {
  type Backend,
  type Body,
  type ErrorCode,
  type FileStat,
  NexusError,
  parentPath,
  type Path,
  type WriteOptions,
} from '@nexus/core/contract'
import { allOf, before, failingOverlap, ignoring, instead, type Mutation, recode, statting, swallow } from './mutation.ts'

/** Takes another body for the one that was given as a stream. */
function streaming(verb: 'write' | 'append', change: (stream: ReadableStream<Uint8Array>) => Body | Promise<Body>): Mutation {
  return instead(
    verb,
    (call: Backend['write']) => async (path: Path, body: Body, options?: WriteOptions) =>
      call(path, body instanceof Uint8Array ? body : await change(body), options),
  )
}

async function firstChunk(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const { value } = await stream.getReader().read()
  return value ?? new Uint8Array(0)
}

/** Takes a broken body for a complete one. */
function untilBroken(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  return new ReadableStream({
    async pull(controller) {
      const [step] = await Promise.allSettled([reader.read()])
      if (step.status === 'rejected' || step.value.done) controller.close()
      else controller.enqueue(step.value.value)
    },
  })
}

/** Keeps the caller's own buffer. */
const keepingBuffers: Mutation = (inner) => {
  const kept = new Map<Path, Uint8Array>()
  const write: Backend['write'] = (path, body, options) => {
    if (body instanceof Uint8Array) kept.set(path, body)
    return inner.write(path, body, options)
  }
  const batch: Backend['batch'] = (operations, options) => {
    for (const step of operations) if (step.op === 'write') kept.set(step.path, step.body)
    return inner.batch(operations, options)
  }
  const read: Backend['read'] = async (path, options) => {
    const content = await inner.read(path, options)
    return { ...content, bytes: async () => kept.get(path)?.slice() ?? content.bytes() }
  }
  return { ...inner, write, batch, read }
}

/** Stores a body in two steps. */
const writingHalves = instead('write', (write, inner) => async (path, body, options) => {
  const bytes = await allOf(body)
  const middle = bytes.length >> 1
  await write(path, bytes.subarray(0, middle), options)
  // Twice, so that everybody else has a turn between the halves.
  await setImmediate()
  await setImmediate()
  return inner.append(path, bytes.subarray(middle))
})

/** Looks first and writes then. */
const lookingFirst = instead('write', (write, inner) => async (path, body, { ifMatch, ifNoneMatch, ...options } = {}) => {
  const standing = await inner.stat(path).catch(() => undefined)
  if (ifMatch !== undefined && standing?.etag !== ifMatch) throw new NexusError('precondition_failed')
  if (ifNoneMatch !== undefined && standing !== undefined) throw new NexusError('precondition_failed')
  await setImmediate()
  return write(path, body, options)
})

/** Reads, and writes the longer file then; metadata get lost. */
const appendingByWrite = instead('append', (_append, inner) => async (path, body) => {
  const before = await inner
    .read(path)
    .then((content) => content.bytes())
    .catch(() => new Uint8Array(0))
  await setImmediate()
  return inner.write(path, Buffer.concat([before, await allOf(body)]))
})

function refusing(isRefused: (options: WriteOptions, sizeBytes: number) => boolean, code: ErrorCode): Mutation {
  return instead(
    'write',
    (write, inner) =>
      (path, body, options = {}) =>
        isRefused(options, inner.capabilities.maxSizeBytes ?? Infinity) ? Promise.reject(new NexusError(code)) : write(path, body, options),
  )
}

/** Broken writes, conditions and aborts. By sentence: a backend on which its case must go red. */
export const writesBroken: Readonly<Record<string, Mutation>> = {
  '`write` makes the parents that are missing.': before('write', (inner, path) => inner.stat(parentPath(path))),
  '`write` replaces the whole of an existing file.': instead('write', (_write, inner) => (path, body) => inner.append(path, body)),
  '`write` onto a directory fails with `is_directory` and changes nothing.': swallow('write', 'is_directory'),
  '`write` below a file fails with `not_directory` and changes nothing.': swallow('write', 'not_directory'),
  '`write` takes a stream of chunks of any size, empty ones too.': streaming('write', firstChunk),
  'A stream without chunks writes an empty file.': streaming('write', async (stream) =>
    (await firstChunk(stream)).length === 0 ? Promise.reject(new NexusError('invalid_argument')) : stream,
  ),
  "`write` does not keep the caller's buffer: what happens to it afterwards changes no file.": keepingBuffers,
  '`write` of a part of a buffer stores that part.': instead(
    'write',
    (write) => (path, body, options) => write(path, body instanceof Uint8Array ? new Uint8Array(body.buffer) : body, options),
  ),
  'A body of another length than `sizeBytes` fails with `invalid_argument` and stores nothing.': ignoring('sizeBytes', 'write'),
  'A body of the length that `sizeBytes` promised is stored.': refusing(({ sizeBytes }) => sizeBytes !== undefined, 'invalid_argument'),
  'A body that `sizeBytes` says is longer than `maxSizeBytes` fails with `invalid_argument`; without `maxSizeBytes` there is no such limit.':
    refusing(({ sizeBytes = 0 }, maxSizeBytes) => sizeBytes > maxSizeBytes, 'no_space'),
  "A body that fails makes `write` fail, with the body's error as cause, and stores nothing.": streaming('write', untilBroken),
  'A body that fails with a NexusError makes `write` fail with its code.': recode('write', 'corrupt'),
  'Until the body has ended, `write` shows nothing of it.': before('write', (inner, path) => inner.append(path, new Uint8Array(0))),
  'When `write` has resolved, every `stat`, `read` and `list` shows it.': (inner) => {
    const kept = new Map<Path, FileStat>()
    const stat: Backend['stat'] = async (path) => {
      const found = kept.get(path) ?? (await inner.stat(path))
      kept.set(path, found)
      return found
    }
    return { ...inner, stat }
  },
  '`onVerified` is called, where it is called at all, once by a write that stored its body, before it resolves, and never by one that fails.': instead(
    'write',
    (write) => (path, body, options) => {
      options?.onVerified?.()
      return write(path, body, options)
    },
  ),
  '`write` with `ifMatch` replaces the file that has this etag.': refusing(({ ifMatch }) => ifMatch !== undefined, 'precondition_failed'),
  '`write` with another etag in `ifMatch` fails with `precondition_failed` and changes nothing.': ignoring('ifMatch', 'write'),
  '`write` with `ifMatch` where there is no file fails with `precondition_failed` and makes nothing.': instead(
    'write',
    (write, inner) => async (path, body, options) =>
      write(path, body, (await inner.stat(path).catch(() => undefined)) === undefined ? {} : options),
  ),
  '`write` with `ifNoneMatch` creates a file where nothing is.': refusing(
    ({ ifNoneMatch }) => ifNoneMatch !== undefined,
    'precondition_failed',
  ),
  '`write` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where a file or directory is.': ignoring(
    'ifNoneMatch',
    'write',
  ),
  'The etag changes when the content does, at once and also when the size stays.': statting('stat', (stat) => ({
    ...stat,
    etag: String(stat.sizeBytes),
  })),
  'The etag stays when nothing changes, and `read` tells the same one.': statting('stat', (stat) => ({
    ...stat,
    etag: String(Math.random()),
  })),
  '`read` with `ifMatch` gives the file that has this etag, and else fails with `precondition_failed`.': ignoring('ifMatch', 'read'),
  '`delete` with `ifMatch` deletes the file that has this etag, and else fails with `precondition_failed`.': ignoring('ifMatch', 'delete'),
  'Of many writers who hold the same etag, exactly one writes.': lookingFirst,
  'Of many writers with `ifNoneMatch`, exactly one writes, and its content stays.': lookingFirst,
  'Of many writers of one file at the same time, one leaves the whole of its body.': writingHalves,
  'Writers of different files in one missing directory at the same time all succeed.': failingOverlap('write', 'busy'),
  'A reader beside a writer gets the old file or the new one, whole.': writingHalves,
  'Parts that are appended at the same time all arrive, each once and whole.': appendingByWrite,
  'Of many renames of one file at the same time, one succeeds and the others fail with `not_found`.': instead(
    'rename',
    (_rename, inner) => async (from, to) => {
      const stat = await inner.copy(from, to)
      await setImmediate()
      await inner.delete(from, { force: true })
      return stat
    },
  ),
  'Of many callers that make one directory at the same time, one succeeds and the others fail with `already_exists`; with `recursive` all succeed.':
    swallow('mkdir', 'already_exists'),
  'Callers that delete one file at the same time succeed or fail with `not_found`, and one at least succeeds; with `force` all do.':
    failingOverlap('delete', 'busy'),
  'A call whose signal is aborted already rejects with `signal.reason` itself and changes nothing.': ignoring('signal', 'setMetadata'),
  'Iterations that begin with an aborted signal reject with `signal.reason` at their first step.': ignoring('signal', 'versions'),
  'A signal without a reason of its own rejects with an `AbortError`.': instead(
    'stat',
    (stat) => (path, options) => (options?.signal?.aborted === true ? Promise.reject(new NexusError('timeout')) : stat(path, options)),
  ),
  'An abort while the body is awaited rejects `write` with `signal.reason`, cancels the body and stores nothing.': instead(
    'write',
    (write) => (path, body, options) => write(path, body, options).catch(() => Promise.reject(new NexusError('timeout'))),
  ),
  'An abort while the body is awaited rejects `append` with `signal.reason`, cancels the body and appends nothing.': instead(
    'append',
    (append) => (path, body, options) => append(path, body, options).catch(() => Promise.reject(new NexusError('timeout'))),
  ),
  'The signal given to `read` holds for its body: a stream that is aborted errors with `signal.reason`.': ignoring('signal', 'read'),
  'A body whose signal was aborted before it is asked for rejects with `signal.reason`.': ignoring('signal', 'read'),
  'An abort in the middle of a listing rejects its next step with `signal.reason`.': ignoring('signal', 'list'),
  'An abort after the call has resolved changes nothing.': instead('write', (write, inner) => (path, body, options) => {
    options?.signal?.addEventListener('abort', () => void inner.delete(path))
    return write(path, body, options)
  }),
  "One caller's abort is no other's: a call beside it goes on.": (inner) => {
    let hasAborted = false
    const write: Backend['write'] = async (path, body, options) => {
      options?.signal?.addEventListener('abort', () => (hasAborted = true))
      await setImmediate()
      if (hasAborted) throw new NexusError('unavailable')
      return inner.write(path, body, options)
    }
    return { ...inner, write }
  },
  '`append` extends a file at its end.': instead('append', (_append, inner) => (path, body) => inner.write(path, body)),
  '`append` creates a file that is absent, with its parents.': before('append', (inner, path) => inner.stat(path)),
  '`append` takes streams, and adds to long files.': streaming('append', firstChunk),
  '`append` gives the new stat, and a new etag when anything was added.': statting('append', (stat) => ({ ...stat, etag: 'another' })),
  '`append` keeps content type and metadata.': appendingByWrite,
  '`append` to a directory fails with `is_directory`, and below a file with `not_directory`.': swallow('append', 'is_directory'),
  '`append` with `ifMatch` extends the file that has this etag, and else fails with `precondition_failed`.': ignoring('ifMatch', 'append'),
  'A body that fails appends nothing.': streaming('append', untilBroken),
  '`batch` does not keep the buffers of its bodies.': keepingBuffers,
}
