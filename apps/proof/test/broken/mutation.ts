import type { MemoryBackend } from '@nexus/backend-memory'
import {
  type Backend,
  type Capabilities,
  type Entry,
  type ErrorCode,
  type FileContent,
  type FileStat,
  isNexusError,
  type ListOptions,
  NexusError,
  type Path,
  rootPath,
} from '@nexus/core/contract'

/** Breaks one promise of a backend that keeps them all. */
export type Mutation = (inner: MemoryBackend) => Backend

type PromiseVerb =
  | 'stat'
  | 'read'
  | 'write'
  | 'delete'
  | 'mkdir'
  | 'append'
  | 'setMetadata'
  | 'rename'
  | 'copy'
  | 'batch'
  | 'snapshot'
  | 'deleteSnapshot'
  | 'usage'
type StepVerb = 'list' | 'versions' | 'snapshots' | 'changes'
type AnyCall = (...args: unknown[]) => Promise<unknown>
type AnyIteration = (...args: unknown[]) => AsyncIterable<unknown>

/** Does something else instead of one verb. */
export function instead<V extends PromiseVerb | StepVerb | 'close'>(
  verb: V,
  make: (call: MemoryBackend[V], inner: MemoryBackend) => MemoryBackend[V],
): Mutation {
  return (inner) => ({ ...inner, [verb]: make(inner[verb], inner) })
}

/** Declares something else than what is true. */
export function declaring(patch: Partial<Capabilities>): Mutation {
  return (inner) => ({ ...inner, capabilities: { ...inner.capabilities, ...patch } })
}

function around(verb: PromiseVerb, change: (call: AnyCall, inner: MemoryBackend) => AnyCall): Mutation {
  // The wrapper hands arguments through untouched, so their types do not matter to it.
  return (inner) => ({ ...inner, [verb]: change((...args) => (inner[verb] as AnyCall)(...args), inner) })
}

/** Fails with another code. */
export function recode(verb: PromiseVerb, from: ErrorCode, to: ErrorCode = 'unexpected'): Mutation {
  return around(
    verb,
    (call) =>
      (...args) =>
        call(...args).catch((error: unknown) =>
          Promise.reject(isNexusError(error, from) ? new NexusError(to, { op: error.op, path: error.path }) : (error as Error)),
        ),
  )
}

/** Says that it succeeded where it failed with this code. */
export function swallow(verb: PromiseVerb, code: ErrorCode): Mutation {
  return around(
    verb,
    (call, inner) =>
      (...args) =>
        call(...args).catch((error: unknown) => (isNexusError(error, code) ? inner.stat(rootPath) : Promise.reject(error as Error))),
  )
}

/** Fails always, with this code. */
export function failing(verb: PromiseVerb, code: ErrorCode): Mutation {
  return around(verb, () => () => Promise.reject(new NexusError(code, { op: verb })))
}

/** Fails each time but the first of those that overlap. */
export function failingOverlap(verb: PromiseVerb, code: ErrorCode): Mutation {
  let running = 0
  return around(verb, (call) => async (...args) => {
    if (running > 0) throw new NexusError(code, { op: verb })
    running++
    try {
      await Promise.resolve()
      return await call(...args)
    } finally {
      running--
    }
  })
}

/** Does not look at an option. */
export function ignoring(option: string, ...verbs: readonly (PromiseVerb | StepVerb)[]): Mutation {
  const strip = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && option in value ? { ...value, [option]: undefined } : value
  return (inner) => {
    const stripped = verbs.map((verb) => [verb, (...args: unknown[]) => (inner[verb] as AnyCall)(...args.map(strip))])
    return { ...inner, ...(Object.fromEntries(stripped) as Partial<Backend>) }
  }
}

/** Fails another way at the steps of an iteration. */
export function recodeSteps(verb: StepVerb, from: ErrorCode, to: ErrorCode = 'unexpected'): Mutation {
  return (inner) => {
    const iterate = async function* (...args: unknown[]): AsyncGenerator {
      try {
        yield* (inner[verb] as AnyIteration)(...args)
      } catch (error) {
        throw isNexusError(error, from) ? new NexusError(to, { op: error.op, path: error.path }) : error
      }
    }
    return { ...inner, [verb]: iterate }
  }
}

/** Ends an iteration where it failed with this code. */
export function endSteps(verb: StepVerb, code: ErrorCode): Mutation {
  return (inner) => {
    const iterate = async function* (...args: unknown[]): AsyncGenerator {
      try {
        yield* (inner[verb] as AnyIteration)(...args)
      } catch (error) {
        if (!isNexusError(error, code)) throw error
      }
    }
    return { ...inner, [verb]: iterate }
  }
}

/** Gives other entries, all at once. */
export function listing(change: (entries: Entry[], options: ListOptions, path: Path) => Entry[]): Mutation {
  return instead(
    'list',
    (list) =>
      async function* (path, options = {}) {
        yield* change(await collect(list(path, options)), options, path)
      },
  )
}

/** Lists from all entries, by a rule of its own. */
export function listingAll(choose: (entries: Entry[], options: ListOptions, path: Path) => Entry[]): Mutation {
  return instead(
    'list',
    (list) =>
      async function* (path, options = {}) {
        const { startAfter: _startAfter, limit: _limit, ...rest } = options
        yield* choose(await collect(list(path, rest)), options, path)
      },
  )
}

/** Gives another stat. */
export function statting(
  verb: 'stat' | 'write' | 'append' | 'setMetadata' | 'rename' | 'copy',
  change: (stat: FileStat) => FileStat,
): Mutation {
  return around(
    verb,
    (call) =>
      async (...args) =>
        change((await call(...args)) as FileStat),
  )
}

/** Opens another body. */
export function reading(change: (content: FileContent) => FileContent | Promise<FileContent>): Mutation {
  return instead('read', (read) => async (path, options) => change(await read(path, options)))
}

/** Gives other bytes, by `bytes` and by `stream`. */
export function readingBytes(change: (bytes: Uint8Array) => Uint8Array): Mutation {
  return reading((content) => ({
    ...content,
    bytes: async () => change(await content.bytes()),
    stream: () => streamOfLater(content.bytes().then(change)),
  }))
}

/** A stream whose only chunk is not there yet. */
export function streamOfLater(bytes: Promise<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(await bytes)
      controller.close()
    },
  })
}

/** Takes another path for the one that was asked for, wherever one is given. */
export function repathing(change: (path: string) => string): Mutation {
  return (inner) => {
    const other = (path: Path): Path => change(path) as Path
    return {
      ...inner,
      stat: (path, options) => inner.stat(other(path), options),
      read: (path, options) => inner.read(other(path), options),
      write: (path, body, options) => inner.write(other(path), body, options),
      list: (path, options) => inner.list(other(path), options),
    }
  }
}

/** Refuses to write some names. */
export function refusingNames(isRefused: (path: string) => boolean): Mutation {
  return instead(
    'write',
    (write) => (path, body, options) =>
      isRefused(path) ? Promise.reject(new NexusError('invalid_path', { op: 'write', path })) : write(path, body, options),
  )
}

/** Does something more before a verb. */
export function before(verb: PromiseVerb, act: (inner: MemoryBackend, path: Path, second: unknown) => Promise<unknown>): Mutation {
  return around(verb, (call, inner) => async (...args) => {
    await act(inner, args[0] as Path, args[1])
    return call(...args)
  })
}

/** Does something more after a verb succeeded. */
export function after(verb: PromiseVerb, act: (inner: MemoryBackend, path: Path, second: unknown) => Promise<unknown>): Mutation {
  return around(verb, (call, inner) => async (...args) => {
    const result = await call(...args)
    await act(inner, args[0] as Path, args[1])
    return result
  })
}

/** The body of a write that came as bytes or as a stream. */
export async function allOf(body: Uint8Array | ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return body instanceof Uint8Array
    ? body
    : new Uint8Array(await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
}

/** Everything that an iteration gives. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of iterable) all.push(item)
  return all
}
