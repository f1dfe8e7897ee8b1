import type { CallOptions } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { Kernel } from './kernel.ts'
import type { KernelContext } from './place.ts'
import type { WriteGate } from './write-gate.ts'

/** A change: the paths whose mounts it concerns, and its options. */
interface Changing {
  readonly paths: readonly Path[]
  readonly options?: CallOptions | undefined
}

/** Verbs that take paths. */
type Verb = Exclude<keyof Kernel, 'scheme' | 'capabilities' | 'capabilitiesAt' | 'mount' | 'unmount' | 'mounts' | 'mountInfo' | 'replace' | 'holdChanges' | 'storageOf' | 'health' | 'close'>

/** What each verb means for a mount whose changes are held back; a verb added to the contract does not compile until it stands here. */
const changes: { readonly [V in Verb]: 'reads' | ((...args: Parameters<Kernel[V]>) => Changing) } = {
  stat: 'reads',
  read: 'reads',
  list: 'reads',
  versions: 'reads',
  snapshots: 'reads',
  changes: 'reads',
  search: 'reads',
  usage: 'reads',
  write: (path, _body, options) => ({ paths: [path], options }),
  append: (path, _body, options) => ({ paths: [path], options }),
  setMetadata: (path, _patch, options) => ({ paths: [path], options }),
  delete: (path, options) => ({ paths: [path], options }),
  mkdir: (path, options) => ({ paths: [path], options }),
  rename: (from, to, options) => ({ paths: [from, to], options }),
  copy: (from, to, options) => ({ paths: [from, to], options }),
  batch: (operations, options) => ({ paths: operations.flatMap((operation) => ('from' in operation ? [operation.from, operation.to] : [operation.path])), options }),
  snapshot: (path, _name, options) => ({ paths: [path], options }),
  deleteSnapshot: (path, _name, options) => ({ paths: [path], options }),
  // What is done with the URL afterwards passes no kernel; one that reads changes nothing.
  presign: (path, options) => ({ paths: options.method === 'PUT' ? [path] : [], options }),
}

/** The same verbs; those that change something wait while changes to one of their mounts are held back. */
export function gated<V extends Partial<Pick<Kernel, Verb>>>(context: KernelContext, verbs: V): V {
  const passing = Object.entries(verbs).map(([name, verb]) => {
    const change = changes[name as Verb] as 'reads' | ((...args: unknown[]) => Changing)
    const call = verb as (...args: unknown[]) => Promise<unknown>
    return [name, change === 'reads' ? call : (...args: unknown[]) => pass(context, change(...args), () => call(...args))]
  })
  return Object.fromEntries(passing) as V
}

function pass(context: KernelContext, changing: Changing, run: () => Promise<unknown>): Promise<unknown> {
  const gates = gatesOf(context, changing)
  return gates.some(({ opening }) => opening !== undefined) ? passLater(context, changing, run) : through(gates, run)
}

/** Waits until nothing that it concerns is held back; an unmount opens the gate too, and the verb then finds what stands there now. */
async function passLater(context: KernelContext, changing: Changing, run: () => Promise<unknown>): Promise<unknown> {
  const signal = changing.options?.signal
  for (;;) {
    signal?.throwIfAborted()
    const gates = gatesOf(context, changing)
    const held = gates.flatMap(({ opening }) => opening ?? [])
    if (held.length === 0) return await through(gates, run)
    await orAborted(Promise.all(held), signal)
  }
}

async function orAborted(waiting: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal?.reason as Error)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([waiting, promise])
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Where each path lies now, with its gate; what is mounted nowhere has none. */
function gatesOf({ table }: KernelContext, { paths }: Changing): readonly WriteGate[] {
  return paths.flatMap((path) => table.find(path).winner?.gate ?? [])
}

/** Counts the change, so that whoever holds back the next ones can wait for it. */
function through(gates: readonly WriteGate[], run: () => Promise<unknown>): Promise<unknown> {
  for (const gate of gates) gate.enter()
  const leave = (): void => {
    for (const gate of gates) gate.leave()
  }
  const running = run()
  // Beside the caller, who is told how it ended.
  running.then(leave, leave)
  return running
}
