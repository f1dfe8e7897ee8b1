import type { FileContent, ReadOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { SlimNexusFS } from '../facade/slim-nexus-fs.ts'
import type { Call } from './blocking-port.ts'
import { openDeadline } from './deadline.ts'
import type { OpenRequest } from './open-filesystem.ts'
import { type Answer, type OpenHandles, createOpenHandles } from './open-handles.ts'
import { expectedBytes, openPages, openPieces } from './sources.ts'
import { type SyncVerb, syncVerbs } from './sync-verbs.ts'

/** A call as it arrives in the worker. */
export type ReceivedCall = Omit<Call, 'body'> & { readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined }

/** Does calls on the real filesystem and keeps what they leave open. */
export interface CallHandler {
  handle(call: ReceivedCall): Promise<Answer>
  /** Whether nothing waits for a next step. */
  isIdle(): boolean
}

type OpenFilesystem = (request: OpenRequest, signal: AbortSignal | undefined) => Promise<SlimNexusFS>

/** The verbs' own types end at the border between the threads; {@link syncVerbs} keeps both sides in step. */
type Methods = Readonly<Record<string, ((...args: readonly unknown[]) => unknown) | undefined>>

/** @param open Mounts what the first call asks for. */
export function createCallHandler(open: OpenFilesystem): CallHandler {
  const handles = createOpenHandles()
  let methods: Methods = {}
  return {
    isIdle: () => handles.size() === 0,
    async handle(call) {
      const handle = call.args[0] as number
      switch (call.verb) {
        case 'mount':
          methods = await openMethods(call, open)
          return {}
        case 'next':
          return handles.next(handle)
        case 'release':
          await handles.release(handle)
          return {}
        case 'close':
          await openDeadline(call.timeoutMs, { op: 'close', path: undefined }).step(() => closeAll(methods, handles))
          return {}
        default:
          return perform({ methods, handles }, call)
      }
    },
  }
}

async function openMethods({ args, timeoutMs }: ReceivedCall, open: OpenFilesystem): Promise<Methods> {
  const deadline = openDeadline(timeoutMs, { op: 'mount', path: undefined })
  const opened = await deadline.step(() => open(args[0] as OpenRequest, deadline.signal))
  const mountManager: unknown = 'mountManager' in opened ? opened.mountManager : undefined
  return Object.assign({}, opened, mountManager) as unknown as Methods
}

async function closeAll(methods: Methods, handles: OpenHandles): Promise<void> {
  await handles.releaseAll()
  await methods['close']?.()
}

interface HandlerContext {
  readonly methods: Methods
  readonly handles: OpenHandles
}

async function perform({ methods, handles }: HandlerContext, call: ReceivedCall): Promise<Answer> {
  const verb = call.verb as SyncVerb
  const { gives, optionsAt } = syncVerbs[verb]
  const [path] = call.args
  const deadline = openDeadline(call.timeoutMs, { op: verb, path: typeof path === 'string' ? path : undefined })
  const args = toArguments(call, optionsAt, deadline.signal)
  if (gives === 'value') return { head: await deadline.step(async () => await invoke(methods, verb, args)) }
  if (gives === 'url') return { head: (await deadline.step(() => invoke(methods, verb, args) as Promise<URL>)).href }
  if (gives === 'pages') return handles.start({ deadline, source: openPages(invoke(methods, verb, args) as AsyncIterable<unknown>) })
  const content = await deadline.step(() => invoke(methods, 'open', args) as Promise<FileContent>)
  const { stat } = content
  const sizeBytes = expectedBytes(stat.sizeBytes, (args[1] as ReadOptions | undefined)?.range)
  const open = { deadline, source: openPieces(content, sizeBytes) }
  if (gives === 'content') return { head: { stat, sizeBytes, handle: handles.keep(open) } }
  return handles.start(open, { sizeBytes })
}

function invoke(methods: Methods, verb: SyncVerb, args: readonly unknown[]): unknown {
  const method = methods[verb]
  if (method === undefined) throw new NexusError('unsupported', { op: verb, reason: 'This filesystem has no such verb.' })
  return method(...args)
}

/** The real verb's arguments: the body crossed beside them, and the signal is of this thread. */
function toArguments({ args, body }: ReceivedCall, optionsAt: number | undefined, signal: AbortSignal | undefined): unknown[] {
  const given = [...args]
  if (body !== undefined) given.splice(1, 0, body)
  if (signal !== undefined && optionsAt !== undefined) given[optionsAt] = { ...(given[optionsAt] as object | undefined), signal }
  return given
}
